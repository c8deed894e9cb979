// client.mjs CLAUDEMESH - the official MCP client against `claudemesh mcp`. Says what it saw, a
// JSON object a line; ends when it was told "bye" and standard input is closed.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const started = performance.now();
const transport = new StdioClientTransport({
  command: process.argv[2], args: ["mcp"], env: process.env, stderr: "inherit",
});
const client = new Client({ name: "sdk-test", version: "1" }, { capabilities: {} });
client.fallbackNotificationHandler = async (note) => {
  say({ notification: note.method, ...(note.params?.meta ?? {}), content: note.params?.content });
};
await client.connect(transport);
say({
  server: client.getServerVersion().name, ms: Math.round(performance.now() - started),
  capabilities: client.getServerCapabilities(), instructions: client.getInstructions().length,
});

let prompts, resources;
for (let tries = 0; tries < 100; tries++) { // the daemon may just be starting
  ({ prompts } = await client.listPrompts());
  if (prompts.length) break;
  await new Promise((done) => setTimeout(done, 100));
}
({ resources } = await client.listResources());
say({ prompts: prompts.map((p) => p.name), resources: resources.map((r) => r.uri) });
const prompt = await client.getPrompt({ name: prompts[0].name });
const resource = await client.readResource({ uri: resources[0].uri });
say({ prompt: prompt.messages[0].content.text, resource: resource.contents[0].text });
await client.getPrompt({ name: "nothing" }).catch((e) => say({ refused: e.code }));
say({ ready: true });
for await (const _ of process.stdin); // until it is closed
await client.close();
say({ closed: true });
