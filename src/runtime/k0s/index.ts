/** The driver for k0s: one program that is everything, installed and started by itself. */

export { createK0s } from './create-k0s.ts';
