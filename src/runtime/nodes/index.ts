/** The cluster's nodes, by kubectl on a master: what all drivers do alike. A host is the node with its address as InternalIP. */

export { cordonNode, type DrainOptions, deleteNode, drainNode, uncordonNode } from './drain-node.ts';
export { CONTROL_PLANE, keepsTaint } from './keeps-taint.ts';
export { findNode, type Kubectl, listNodes, objectsOf } from './list-nodes.ts';
export { describeConditions, nodeState } from './node-state.ts';
export { type WaitForNodeOptions, waitForNode, waitForNodes } from './wait-for-node.ts';
export { type DrainedHost, isMarked, whileDrained } from './while-drained.ts';
