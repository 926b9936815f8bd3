{{- define "celmood.name" -}}
{{- .Values.nameOverride | default .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "celmood.selector" -}}
app.kubernetes.io/name: celmood
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "celmood.labels" -}}
{{ include "celmood.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "celmood.triton" -}}
{{- if .Values.triton.address -}}
{{ .Values.triton.address }}
{{- else if .Values.triton.enabled -}}
{{- $name := printf "%s-triton" (include "celmood.name" .) -}}
{{- $places := list -}}
{{- range $i := until (int .Values.triton.replicas) -}}
{{- $places = append $places (printf "%s-%d.%s:8001" $name $i $name) -}}
{{- end -}}
{{ join "," $places }}
{{- end }}
{{- end }}

{{- define "celmood.podSecurity" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "celmood.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
