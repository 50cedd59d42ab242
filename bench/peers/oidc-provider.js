// `oidc-provider` on Node: introspection (RFC 7662) of an opaque token that it keeps in memory, beside a bare
// route on the same server. Tells its port to the process that started it.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const CLIENT = { id: "bench", secret: "only-for-measuring" };

const server = createServer((request, response) => {
  if (request.url === "/bare") void answerBare(request, response);
  else void handler(request, response);
});

await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const url = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(url, {
  clients: [
    {
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  scopes: ["devices.lock"],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    devInteractions: { enabled: false },
  },
});
const handler = provider.callback();

async function answerBare(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  const body = JSON.stringify({
    active: form.get("token") !== null,
    scope: "devices.lock",
    client_id: CLIENT.id,
  });
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

process.on("disconnect", () => process.exit(0));
process.send({ url, client: CLIENT });
