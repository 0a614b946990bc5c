/**
 * Where the images of custom resources stand. Only what shapes cannot tell, or can only guess, is here: a PodSpec is found
 * in every kind (`pod-spec.ts`), and what looks like an image in one is too (`by-looks.ts`).
 *
 * Paths are from the top of the object; `*` is any key, and lists are entered by themselves.
 */

/** What stands at a path. */
export type FieldMeaning =
  /** A reference that the cluster pulls. */
  | 'image'
  /** A reference that may be there only to be read. */
  | 'maybe-image'
  /** A repository that is only looked at. */
  | 'no-image'
  | 'pod-spec'
  /** A container, or a list of them. */
  | 'container'
  /** `docker://…`, other transports aside. */
  | 'transport-url'
  /** A mapping with `baseImage` and `tag`, `version` or `sha`. */
  | 'base-image'
  /** A mapping with `url: oci://…` and `ref`. */
  | 'artifact'
  /** `name=other/name:tag` */
  | 'image-override'
  /** Kustomize's `images`. */
  | 'image-list'
  /** A chart's values. */
  | 'values'
  /** Helm's `--set`, as a mapping of dotted keys or a list of names and values. */
  | 'parameters'
  /** YAML or JSON inside a string. */
  | 'text';

type Fields = Partial<Readonly<Record<FieldMeaning, readonly string[]>>>;

/** @param at where the list of templates is: in a CronWorkflow deeper than in a Workflow */
const workflow = (at: string): Fields => ({
  container: ['container', 'script', 'initContainers', 'sidecars', 'containerSet.containers'].flatMap((field) => [
    `${at}.templates.${field}`,
    `${at}.templateDefaults.${field}`,
  ]),
  text: [`${at}.podSpecPatch`, `${at}.templates.podSpecPatch`],
});

/** @param at where the task is: in a pipeline it stands inside another object */
const task = (at: string): Fields => ({
  container: [`${at}.steps`, `${at}.sidecars`, `${at}.stepTemplate`],
});

const pipeline = (at: string): Fields => ({
  container: ['tasks', 'finally'].flatMap((list) => task(`${at}.${list}.taskSpec`).container ?? []),
});

/** @param at where the source is: an Application, or the template of an ApplicationSet */
const application = (at: string): Fields => ({
  values: [`${at}.source.helm.valuesObject`, `${at}.sources.helm.valuesObject`],
  text: [`${at}.source.helm.values`, `${at}.sources.helm.values`],
  parameters: [`${at}.source.helm`, `${at}.sources.helm`],
  'image-override': [`${at}.source.kustomize.images`, `${at}.sources.kustomize.images`],
});

const machine = (at: string): Fields => ({
  image: [`${at}.volumes.containerDisk.image`, `${at}.domain.firmware.kernelBoot.container.image`],
});

const monitoring: Fields = {
  image: ['spec.image', 'spec.thanos.image'],
  container: ['spec.containers', 'spec.initContainers'],
  'base-image': ['spec', 'spec.thanos'],
};

const KINDS: Readonly<Record<string, Fields>> = {
  // Operator Lifecycle Manager
  'operators.coreos.com/ClusterServiceVersion': {
    'pod-spec': ['spec.install.spec.deployments.spec.template.spec'],
    image: ['spec.relatedImages.image'],
    'maybe-image': ['metadata.annotations.containerImage'],
  },
  'operators.coreos.com/CatalogSource': { image: ['spec.image'] },
  'olm.operatorframework.io/ClusterCatalog': { 'maybe-image': ['spec.source.image.ref'] },
  // Argo
  'argoproj.io/Application': application('spec'),
  'argoproj.io/ApplicationSet': application('spec.template.spec'),
  'argoproj.io/Workflow': workflow('spec'),
  'argoproj.io/WorkflowTemplate': workflow('spec'),
  'argoproj.io/ClusterWorkflowTemplate': workflow('spec'),
  'argoproj.io/CronWorkflow': workflow('spec.workflowSpec'),
  'argoproj.io/Rollout': { 'pod-spec': ['spec.template.spec'] },
  'argoproj.io/Sensor': { container: ['spec.template.container'] },
  'argoproj.io/EventSource': { container: ['spec.template.container'] },
  // Flux
  'helm.toolkit.fluxcd.io/HelmRelease': {
    values: ['spec.values'],
    'image-list': ['spec.postRenderers.kustomize.images'],
  },
  'kustomize.toolkit.fluxcd.io/Kustomization': { 'image-list': ['spec.images'] },
  'source.toolkit.fluxcd.io/OCIRepository': { artifact: ['spec'] },
  'image.toolkit.fluxcd.io/ImageRepository': { 'no-image': ['spec.image'] },
  // k3s and RKE2
  'helm.cattle.io/HelmChart': { image: ['spec.jobImage'], text: ['spec.valuesContent'], parameters: ['spec'] },
  'helm.cattle.io/HelmChartConfig': { text: ['spec.valuesContent'] },
  'fleet.cattle.io/Bundle': { text: ['spec.resources.content'] },
  // Tekton
  'tekton.dev/Task': task('spec'),
  'tekton.dev/ClusterTask': task('spec'),
  'tekton.dev/TaskRun': task('spec.taskSpec'),
  'tekton.dev/Pipeline': pipeline('spec'),
  'tekton.dev/PipelineRun': pipeline('spec.pipelineSpec'),
  'tekton.dev/StepAction': { image: ['spec.image'] },
  // KubeVirt and its importer
  'kubevirt.io/VirtualMachine': {
    ...machine('spec.template.spec'),
    'transport-url': ['spec.dataVolumeTemplates.spec.source.registry.url'],
  },
  'kubevirt.io/VirtualMachineInstance': machine('spec'),
  'kubevirt.io/VirtualMachineInstanceReplicaSet': machine('spec.template.spec'),
  'pool.kubevirt.io/VirtualMachinePool': machine('spec.virtualMachineTemplate.spec.template.spec'),
  'cdi.kubevirt.io/DataVolume': { 'transport-url': ['spec.source.registry.url'] },
  'cdi.kubevirt.io/DataImportCron': { 'transport-url': ['spec.template.spec.source.registry.url'] },
  // Prometheus' operator
  'monitoring.coreos.com/Prometheus': monitoring,
  'monitoring.coreos.com/PrometheusAgent': monitoring,
  'monitoring.coreos.com/Alertmanager': monitoring,
  'monitoring.coreos.com/ThanosRuler': monitoring,
  // Knative, OpenKruise, KServe: lists of containers that need no names
  'serving.knative.dev/Service': { 'pod-spec': ['spec.template.spec'] },
  'serving.knative.dev/Configuration': { 'pod-spec': ['spec.template.spec'] },
  'serving.knative.dev/Revision': { 'pod-spec': ['spec'] },
  'sources.knative.dev/ContainerSource': { 'pod-spec': ['spec.template.spec'] },
  'apps.kruise.io/SidecarSet': { 'pod-spec': ['spec'] },
  'apps.kruise.io/ImagePullJob': { image: ['spec.image'] },
  'apps.kruise.io/ImageListPullJob': { image: ['spec.images'] },
  'serving.kserve.io/InferenceService': {
    container: ['predictor', 'transformer', 'explainer'].flatMap((part) => [
      `spec.${part}.containers`,
      `spec.${part}.model`,
    ]),
  },
  'serving.kserve.io/ServingRuntime': { container: ['spec.containers'] },
  'serving.kserve.io/ClusterServingRuntime': { container: ['spec.containers'] },
  // What others than the kubelet pull
  'pkg.crossplane.io/Provider': { 'maybe-image': ['spec.package'] },
  'pkg.crossplane.io/Configuration': { 'maybe-image': ['spec.package'] },
  'pkg.crossplane.io/Function': { 'maybe-image': ['spec.package'] },
  'extensions.istio.io/WasmPlugin': { artifact: ['spec'] },
  'image.openshift.io/ImageStream': { 'maybe-image': ['spec.tags.from.name'] },
  // Operators whose resources name what they run
  'sparkoperator.k8s.io/SparkApplication': {
    image: ['spec.image', 'spec.driver.image', 'spec.executor.image', 'spec.driver.initContainers.image'],
    container: ['spec.driver.sidecars', 'spec.executor.sidecars'],
  },
  'sparkoperator.k8s.io/ScheduledSparkApplication': {
    image: ['spec.template.image', 'spec.template.driver.image', 'spec.template.executor.image'],
  },
  'flink.apache.org/FlinkDeployment': { image: ['spec.image'] },
  'postgresql.cnpg.io/Cluster': { image: ['spec.imageName'] },
  'acid.zalan.do/postgresql': { image: ['spec.dockerImage'] },
  'ceph.rook.io/CephCluster': { image: ['spec.cephVersion.image'] },
  'rabbitmq.com/RabbitmqCluster': { image: ['spec.image'] },
  'minio.min.io/Tenant': { image: ['spec.image'] },
  'longhorn.io/EngineImage': { image: ['spec.image'] },
  'cassandra.datastax.com/CassandraDatacenter': { image: ['spec.serverImage'] },
  'opentelemetry.io/OpenTelemetryCollector': { image: ['spec.image'] },
};

/** By group and kind: `argoproj.io/Workflow`. */
export const FIELDS_OF_KINDS: ReadonlyMap<string, readonly (readonly [FieldMeaning, readonly string[]])[]> = new Map(
  Object.entries(KINDS).map(([kind, fields]) => [kind, meaningsOf(fields)]),
);

function meaningsOf(fields: Fields): readonly (readonly [FieldMeaning, readonly string[]])[] {
  // `Object.entries` forgets which keys there are; the type of `Fields` has just said them.
  return Object.entries(fields) as [FieldMeaning, readonly string[]][];
}
