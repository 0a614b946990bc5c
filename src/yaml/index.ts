/** YAML with a place for every node. */

export {
  childrenOf,
  follow,
  isLiteral,
  isMapping,
  isSequence,
  itemsOf,
  type Locate,
  parseStream,
  parseYaml,
  placeOf,
  positionOf,
  stringOf,
  textOf,
  type YamlDocument,
  type YamlNode,
} from './document.ts';
export { entriesOf, valueAt } from './mapping.ts';
export { yamlScalar } from './scalar.ts';
export { splitDocuments, type YamlPart } from './split.ts';
