/** Services of hosts: systemd and OpenRC alike. */

export {
  type ControlOptions,
  isActive,
  reloadServices,
  restartService,
  type ServiceState,
  type StartOptions,
  serviceLog,
  serviceState,
  startService,
  stopService,
} from './control.ts';
export { type Init, initOf, serviceFiles, servicePaths } from './files.ts';
export { installService, removeService, type ServiceOptions } from './install.ts';
export type { ServiceLimits, ServiceSpec } from './spec.ts';
