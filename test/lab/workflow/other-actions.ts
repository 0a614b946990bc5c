/**
 * Inputs of the actions of others that our workflows use, as their action.yml of the pinned version has them; `!` after those that have to
 * be given. Whoever uses another one writes it down here.
 */
export const OTHER_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'actions/checkout': [
    'repository',
    'ref',
    'token',
    'persist-credentials',
    'path',
    'fetch-depth',
    'fetch-tags',
    'clean',
  ],
  'actions/setup-node': [
    'node-version',
    'node-version-file',
    'cache',
    'package-manager-cache',
    'registry-url',
    'token',
  ],
  'actions/github-script': ['script!', 'github-token', 'result-encoding', 'retries'],
  'actions/upload-artifact': [
    ...['name', 'path!', 'if-no-files-found', 'retention-days', 'compression-level', 'overwrite'],
    ...['include-hidden-files', 'archive'],
  ],
  'actions/download-artifact': ['name', 'artifact-ids', 'path', 'pattern', 'merge-multiple', 'github-token', 'run-id'],
  'actions/attest': [
    ...['subject-path', 'subject-digest', 'subject-name', 'subject-checksums', 'sbom-path', 'predicate-type'],
    ...['predicate', 'predicate-path', 'push-to-registry', 'show-summary', 'github-token'],
  ],
  'github/codeql-action/init': ['languages', 'build-mode', 'queries', 'config', 'config-file', 'packs', 'trap-caching'],
  'github/codeql-action/analyze': ['category', 'upload', 'output'],
  'github/codeql-action/upload-sarif': ['sarif_file', 'category'],
  'ossf/scorecard-action': ['results_file!', 'results_format!', 'repo_token', 'publish_results'],
};
