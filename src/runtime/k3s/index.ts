/** The driver of k3s. */

export { createK3s } from './create-k3s.ts';
