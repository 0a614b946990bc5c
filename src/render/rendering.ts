/** What rendering gives, and the interface that discovery uses. */

import type { Place } from '../error.ts';

/** Turns charts, kustomizations and templates into the manifests that a cluster gets. */
export interface Renderer {
  /**
   * Renders a chart with the real helm, once for each value set; the union is the caller's.
   * @returns one rendering per value set, in their order; one for no value sets at all
   * @throws SealerError HELM_NOT_FOUND; CHART_INVALID with the chart's file and line; the reason of the signal
   */
  chart(request: ChartRequest): Promise<readonly Rendered[]>;
  /**
   * Builds a kustomization with kubectl's kustomize. Nothing is fetched.
   * @throws SealerError KUBECTL_NOT_FOUND; KUSTOMIZATION_INVALID; HELM_NOT_FOUND where it inflates charts
   */
  kustomization(request: KustomizationRequest): Promise<Rendered>;
  /**
   * Renders a `.tmpl` file as sealer does at launch.
   * @param file how to name it in places
   * @throws SealerError TEMPLATE_INVALID with the line
   */
  template(text: string, file: string, env: Readonly<Record<string, string>>): Rendered;
}

export interface ChartRequest {
  /** Content by rootfs path: all files of the chart, and the values files. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Rootfs path of the chart's folder, or of its archive. */
  readonly chart: string;
  /** Name of the release, as the launch will call it. */
  readonly release: string;
  /** Alternatives: the rootfs paths of the values files of each, later ones win. None: the chart's own values. */
  readonly valueSets: readonly (readonly string[])[];
  readonly namespace?: string | undefined;
  /** `1.30` or `v1.30.4+k3s1`. Default: what helm takes. */
  readonly kubeVersion?: string | undefined;
  /** `monitoring.coreos.com/v1`, `networking.k8s.io/v1/Ingress`. */
  readonly apiVersions?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface KustomizationRequest {
  /** Content by rootfs path: the kustomization's folder and all that it leads to. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Rootfs path of the folder that holds the kustomization file. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Rendered {
  /** A stream of YAML documents. */
  readonly text: string;
  readonly documents: readonly RenderedDocument[];
  /**
   * Where a person has to look for what stands in a line of `text`: the template, the values file or the manifest. The
   * line in it is given only where it is sure.
   * @param line counts from 1
   * @param value what was found there, as it is written there: `nginx:1.27`, or only the text of the field
   */
  place(line: number, value: string): Place;
  /** Of a chart: its images as Chart.yaml's annotations name them, those of enabled subcharts too. */
  readonly annotations?: readonly AnnotatedImage[];
  /** Of a chart: its name. */
  readonly chartName?: string;
  /** Of a chart: the values files of this rendering. */
  readonly valueSet?: readonly string[];
}

export interface RenderedDocument {
  /** Line of its first content in `text`; counts from 1. */
  readonly line: number;
  /** Rootfs path of the file that it comes from. Inside an archive: `charts/web.tgz!web/templates/pod.yaml`. */
  readonly source: string;
}

/** An entry of `artifacthub.io/images` or `helm.sh/images`. */
export interface AnnotatedImage {
  readonly image: string;
  readonly name?: string;
  readonly at: Place;
  /** The chart that says so. */
  readonly chart: string;
}
