"""A Ray cluster of two nodes with a processor each, in a process of its own: it prints its address, drops the second
node for a line on stdin, adds it again for the next, and ends when stdin does."""

import sys

from ray.cluster_utils import Cluster

if __name__ == "__main__":
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    node = cluster.add_node(num_cpus=1)
    print(cluster.address, flush=True)
    for _ in sys.stdin:
        if node is not None:
            cluster.remove_node(node, allow_graceful=False)
            node = None
        else:
            node = cluster.add_node(num_cpus=1)
        print(len(cluster.list_all_nodes()), flush=True)
    cluster.shutdown()
