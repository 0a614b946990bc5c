/** A stand-in for actions/github-script: its `script`, with as much of `core` as the scripts of our actions need. */

/** Whether a step's `uses` asks for it. */
export function isGithubScript(uses: string): boolean {
  return uses.startsWith('actions/github-script@');
}

/** What Node.js is to be given on its command line to run the script in `INPUT_SCRIPT`. */
export const GITHUB_SCRIPT = [
  '--input-type=commonjs',
  '--eval',
  `
  const { appendFileSync } = require('node:fs');
  const { randomUUID } = require('node:crypto');
  const escaped = (text) => String(text).replaceAll('%', '%25').replaceAll('\\r', '%0D').replaceAll('\\n', '%0A');
  const core = {
    setSecret: (secret) => console.log('::add-mask::' + escaped(secret)),
    warning: (message) => console.log('::warning::' + escaped(message)),
    setOutput: (name, value) => {
      const end = 'end-' + randomUUID();
      appendFileSync(process.env.GITHUB_OUTPUT, name + '<<' + end + '\\n' + value + '\\n' + end + '\\n');
    },
  };
  const AsyncFunction = (async () => {}).constructor;
  new AsyncFunction('core', process.env.INPUT_SCRIPT)(core).catch((error) => {
    console.log('::error::Unhandled error: ' + escaped(error));
    process.exitCode = 1;
  });
`,
] as const;
