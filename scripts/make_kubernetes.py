"""Writes deploy/kubernetes/*.yaml: the manifests that Jina makes of flow.yml, finished: `make k8s`.

Jina's know of no probe that works without its own command, no volume that two executors share, and
no requests; and they hand executors the settings of the machine that wrote them. So its names,
labels, services and ports are kept, and what runs in a container is the same command line as in
docker-compose.yml, configured by the ConfigMap of deploy/kubernetes/settings.yaml.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from audio_search.flow.loading import load_flow

FOLDER = ROOT / 'deploy' / 'kubernetes'
NAMESPACE = 'audio-search'
IMAGE = 'audio-search'
# Cores and memory that an executor needs at work; it may take more where there is more. The encoder
# uses as many cores as it is given; the indexer holds its vectors in memory, 512 bytes a window.
REQUESTS = {
    'gateway': ('250m', '1Gi'),
    'segmenter': ('250m', '512Mi'),
    'encoder': ('2', '1536Mi'),
    'indexer': ('1', '1Gi'),
    'ranker': ('100m', '256Mi'),
}
# Uploads: the gateway writes them, the others read them; the index lies beside them.
VOLUMES = {
    'gateway': ('workspace', 'sounds'),
    'segmenter': ('workspace', 'sounds'),
    'encoder': ('workspace', 'sounds'),
    'indexer': ('workspace', 'sounds'),
}
START_S = 300
PERIOD_S = 10


def main() -> None:
    for name, documents in manifests().items():
        (FOLDER / f'{name}.yaml').write_text(as_text(documents))
        print(f'deploy/kubernetes/{name}.yaml: {", ".join(one["kind"] for one in documents)}')


def as_text(documents: list[dict[str, Any]]) -> str:
    head = '# Written by `make k8s` from flow.yml; scripts/make_kubernetes.py says what and why.\n'
    return head + yaml.dump_all(documents, Dumper=Plain, sort_keys=False)


class Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def manifests() -> dict[str, list[dict[str, Any]]]:
    """For each executor and the gateway its documents: a Deployment and its Services."""
    flow = load_flow()
    flow.build()
    for _, deployment in flow:
        deployment.args.uses = f'docker://{IMAGE}'
        deployment.args.uses_with = None
    # Otherwise Jina asks its hub for the version of a base image that is not used.
    os.environ['JINA_HUB_NO_IMAGE_REBUILD'] = '1'
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        flow.to_kubernetes_yaml(folder, k8s_namespace=NAMESPACE)
        for path in sorted(Path(folder).glob('*/*.yml')):
            documents = [one for one in yaml.safe_load_all(path.read_text()) if one]
            made[path.stem] = [
                finished(path.stem, one) for one in documents if one['kind'] != 'ConfigMap'
            ]
    return made


def finished(name: str, document: dict[str, Any]) -> dict[str, Any]:
    if document['kind'] == 'Service':
        if name == 'encoder':
            # Without an address of its own its name stands for all replicas, among which the
            # gateway takes turns; a Service with one would keep a connection on one replica.
            document['spec']['clusterIP'] = 'None'
        return document
    pod = document['spec']['template']
    pod['metadata'].pop('annotations')  # linkerd, which took the turns
    (container,) = pod['spec']['containers']
    port = container['ports'][0]['containerPort']
    container['image'] = IMAGE
    container['command'] = ['python', 'app.py']
    container['args'] = arguments(name, port)
    container['envFrom'] = [{'configMapRef': {'name': 'audio-search'}}]
    container['env'] = []
    if name == 'gateway':
        container['envFrom'].append({'secretRef': {'name': 'audio-search'}})
        container['env'] = [{'name': 'AUDIO_SEARCH_PORT', 'value': str(port)}]
    live, ready = probes(name, port)
    container['startupProbe'] = {
        **live, 'periodSeconds': PERIOD_S, 'failureThreshold': START_S // PERIOD_S,
    }  # fmt: skip
    container['livenessProbe'] = {**live, 'periodSeconds': PERIOD_S, 'failureThreshold': 6}
    container['readinessProbe'] = {**ready, 'periodSeconds': PERIOD_S, 'timeoutSeconds': 5}
    cores, memory = REQUESTS[name]
    container['resources'] = {'requests': {'cpu': cores, 'memory': memory}}
    container['securityContext'] = {'allowPrivilegeEscalation': False}
    container['volumeMounts'] = [
        {'name': volume, 'mountPath': f'/{volume}', 'readOnly': volume == 'sounds'}
        for volume in VOLUMES.get(name, ())
    ]
    pod['spec']['volumes'] = [
        {'name': volume, 'persistentVolumeClaim': {'claimName': volume}}
        for volume in VOLUMES.get(name, ())
    ]
    if name == 'indexer':  # one at a time: the index belongs to one process
        document['spec']['strategy'] = {'type': 'Recreate'}
    return document


def arguments(name: str, port: int) -> list[str]:
    if name == 'gateway':
        return ['serve', '--flow', 'flow-cluster.yml']
    return ['executor', name, '--host', '0.0.0.0', '--port', str(port)]


def probes(name: str, port: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Whether it lives, and whether it can be asked. Executors answer gRPC's own health check as
    soon as they are built: their model is loaded, their index open."""
    if name == 'gateway':
        return (
            {'httpGet': {'path': '/health/live', 'port': port}},
            {'httpGet': {'path': '/health/ready', 'port': port}},
        )
    return {'grpc': {'port': port}}, {'grpc': {'port': port}}


if __name__ == '__main__':
    main()
