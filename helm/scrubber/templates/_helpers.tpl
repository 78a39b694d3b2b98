{{- define "scrubber.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "scrubber.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "scrubber.labels" -}}
{{ include "scrubber.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "scrubber.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "scrubber.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "scrubber.name" .) .Values.serviceAccount.name }}{{ else }}{{ default "default" .Values.serviceAccount.name }}{{ end -}}
{{- end -}}

{{- define "scrubber.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What a Deployment and a StatefulSet have in common: the pods. */}}
{{- define "scrubber.pods" -}}
metadata:
  labels:
    {{- include "scrubber.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    # Another configuration makes the pods roll. Policies and rules (files) do not: running workers take them up.
    checksum/config: {{ toYaml .Values.config | sha256sum }}
    {{- with .Values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  serviceAccountName: {{ include "scrubber.serviceAccount" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ add (ceil .Values.config.drain_timeout_secs | int) .Values.drain.extraSeconds }}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- if and .Values.weights.enabled .Values.weights.files }}
  initContainers:
    - name: weights
      image: {{ include "scrubber.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [python, /etc/scrubber/weights/fetch.py, /etc/scrubber/weights/files.json, {{ .Values.weights.mountPath }}]
      securityContext:
        {{- include "scrubber.restricted" . | nindent 8 }}
      resources:
        requests: {cpu: 100m, memory: 128Mi}
        limits: {memory: 256Mi}
      volumeMounts:
        - name: weights-list
          mountPath: /etc/scrubber/weights
          readOnly: true
        - name: weights
          mountPath: {{ .Values.weights.mountPath }}
  {{- end }}
  containers:
    - name: scrubber
      image: {{ include "scrubber.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [run, --config, /etc/scrubber/scrubber.yaml]
      {{- if or .Values.staticMembership.enabled .Values.secretEnv }}
      env:
        {{- if .Values.staticMembership.enabled }}
        - name: SCRUBBER_GROUP_INSTANCE_ID
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        {{- end }}
        {{- range .Values.secretEnv }}
        - name: {{ .variable }}
          valueFrom:
            secretKeyRef:
              name: {{ .secret }}
              key: {{ .key }}
        {{- end }}
      {{- end }}
      ports:
        - name: http
          containerPort: {{ .Values.config.http.port }}
      startupProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: {{ div (add .Values.startup.maxSeconds 4) 5 }}
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      securityContext:
        {{- include "scrubber.restricted" . | nindent 8 }}
      {{- if .Values.gpu.enabled }}
      {{- $gpu := dict .Values.gpu.resource .Values.gpu.count }}
      {{- $limits := mergeOverwrite (deepCopy (default dict .Values.resources.limits)) $gpu }}
      resources:
        {{- toYaml (mergeOverwrite (deepCopy .Values.resources) (dict "limits" $limits)) | nindent 8 }}
      {{- else }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      {{- end }}
      volumeMounts:
        - name: config
          mountPath: /etc/scrubber
          readOnly: true
        - name: tmp
          mountPath: /tmp
        {{- if .Values.weights.enabled }}
        - name: weights
          mountPath: {{ .Values.weights.mountPath }}
          readOnly: true
        {{- end }}
  volumes:
    - name: config
      projected:
        sources:
          - configMap:
              name: {{ include "scrubber.name" . }}
          {{- if .Values.files }}
          - configMap:
              name: {{ include "scrubber.name" . }}-files
              items:
                {{- range $name, $_ := .Values.files }}
                - key: {{ $name }}
                  path: files/{{ $name }}
                {{- end }}
          {{- end }}
          {{- range .Values.secretFiles }}
          - secret:
              name: {{ .secret }}
              items:
                - key: {{ .key }}
                  path: secrets/{{ .name }}
          {{- end }}
    - name: tmp
      emptyDir: {}
    {{- if .Values.weights.enabled }}
    - name: weights
      {{- toYaml (default (dict "emptyDir" dict) .Values.weights.volume) | nindent 6 }}
    {{- if .Values.weights.files }}
    - name: weights-list
      configMap:
        name: {{ include "scrubber.name" . }}-weights
    {{- end }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- if .Values.topologySpread.enabled }}
  topologySpreadConstraints:
    - maxSkew: {{ .Values.topologySpread.maxSkew }}
      topologyKey: {{ .Values.topologySpread.topologyKey }}
      whenUnsatisfiable: {{ .Values.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "scrubber.selector" . | nindent 10 }}
  {{- end }}
{{- end -}}
