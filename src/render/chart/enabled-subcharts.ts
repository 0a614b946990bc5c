/**
 * Which subcharts are on. Conditions, tags, aliases and values decide that, and helm knows how: a template of ours, added
 * to the chart, has helm write the names down.
 */

const PREFIX = '# sealer-subchart: ';

/** Path of the template, below the chart's folder. */
export const PROBE_FILE = 'templates/sealer-enabled-subcharts.yaml';

/** Prints a comment for each subchart, and each of theirs. `.Subcharts` has only those that are on. */
export const PROBE = Buffer.from(`\
{{- define "sealer.enabled-subcharts" }}
{{- range $name, $chart := .subcharts }}
${PREFIX}{{ $.path }}/charts/{{ $name }}
{{- include "sealer.enabled-subcharts" (dict "subcharts" $chart.Subcharts "path" (printf "%s/charts/%s" $.path $name)) }}
{{- end }}
{{- end }}
{{- include "sealer.enabled-subcharts" (dict "subcharts" .Subcharts "path" .Chart.Name) }}
`);

/** The paths that the template printed, as helm names charts: `shop/charts/db`. */
export function enabledSubcharts(lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.filter((line) => line.startsWith(PREFIX)).map((line) => line.slice(PREFIX.length)));
}
