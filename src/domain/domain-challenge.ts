/** Where the proof of a domain has to be set in DNS, and what it says. */
export function challengeName(domain: string): string {
  return `_jeton-challenge.${domain}`;
}

export function challengeText(challenge: string): string {
  return `jeton-verification=${challenge}`;
}
