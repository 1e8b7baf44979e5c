/** A way to the server that can be cut and mended, as when a machine sleeps: a small proxy on a port of its own. */
import { createServer, request as forward, type Server as HttpServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Server } from "./kit";

export type Way = {
  /** The server's address with its token, by this way. */
  url: string;
  cut: () => Promise<void>;
  mend: () => Promise<void>;
};

export async function wayTo(server: Server): Promise<Way> {
  const proxy = createServer((asked, answer) => {
    // The server may be another one by now.
    const target = new URL(server.url);
    const onward = forward(
      {
        host: target.hostname,
        port: target.port,
        path: asked.url,
        method: asked.method,
        headers: own(asked, target),
      },
      (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers);
        given.pipe(answer);
        given.on("error", () => answer.destroy());
      },
    );
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  await listen(proxy, 0);
  const { port } = proxy.address() as AddressInfo;
  return {
    url: server.url.replace(new URL(server.url).host, `127.0.0.1:${port}`),
    cut: () =>
      new Promise((done) => {
        proxy.close(() => done());
        proxy.closeAllConnections();
      }),
    mend: () => listen(proxy, port),
  };
}

function listen(proxy: HttpServer, port: number): Promise<void> {
  return new Promise((done, failed) => {
    proxy.once("error", failed);
    proxy.listen(port, "127.0.0.1", () => done());
  });
}

/** The server heeds requests to its own address only. */
function own(asked: IncomingMessage, target: URL): IncomingMessage["headers"] {
  const { origin, ...headers } = asked.headers;
  return { ...headers, host: target.host, ...(origin ? { origin: target.origin } : {}) };
}
