/*
 * Stands for the modules by which a passkey's maker would be verified (wrangler.toml, "alias"): nobody asks for
 * attestation here, and they are three quarters of what the passkey library weighs.
 */
module.exports = {};
