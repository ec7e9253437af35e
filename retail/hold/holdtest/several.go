package holdtest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// watchedName is what the sentinels call the master.
const watchedName = "main"

// downAfter is how many milliseconds sentinels, and nodes of a cluster, wait for one that doesn't answer.
const downAfter = 800

// Watched is a master with two replicas, and three sentinels that put one of them in its place when it dies.
type Watched struct {
	servers   []*Server
	sentinels []*Server
}

// StartWatched runs the six servers and returns when the sentinels know all of them.
func StartWatched(t testing.TB) *Watched {
	t.Helper()
	master := StartTCP(t, "--repl-diskless-sync-delay", "0")
	host, port, err := net.SplitHostPort(master.address)
	if err != nil {
		t.Fatal(err)
	}
	w := &Watched{servers: []*Server{master}}
	for range 2 {
		w.servers = append(w.servers, StartTCP(t, "--replicaof", host+" "+port, "--repl-diskless-sync-delay", "0"))
	}
	for range 3 {
		w.sentinels = append(w.sentinels, startWatcher(t, host, port))
	}
	for _, s := range w.sentinels {
		until(t, "the sentinel knows replicas and sentinels", func() bool {
			return strings.Contains(s.Do(t, "INFO sentinel"), "slaves=2,sentinels=3")
		})
	}
	for _, replica := range w.servers[1:] {
		until(t, "the replica is in step", func() bool {
			return strings.Contains(replica.Do(t, "INFO replication"), "master_link_status:up")
		})
	}
	return w
}

// startWatcher runs one of three sentinels, of which two must agree.
func startWatcher(t testing.TB, host, port string) *Server {
	t.Helper()
	own := freePort(t)
	s := &Server{dir: directory(t), network: "tcp", address: "127.0.0.1:" + own}
	config := filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("port %[1]s\nbind 127.0.0.1\nsentinel monitor %[2]s %[3]s %[4]s 2\nsentinel down-after-milliseconds %[2]s %[5]d\n"+
		"sentinel failover-timeout %[2]s 5000\n", own, watchedName, host, port, downAfter)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.args = []string{config, "--sentinel"}
	s.run(t)
	return s
}

// URL is what a client is opened with.
func (w *Watched) URL() string {
	var hosts []string
	for _, s := range w.sentinels {
		hosts = append(hosts, s.address)
	}
	return "redis+sentinel://" + strings.Join(hosts, ",") + "/" + watchedName
}

// Master is the server that the sentinels name at the moment.
func (w *Watched) Master(t testing.TB) *Server {
	t.Helper()
	said := w.sentinels[0].Do(t, "INFO sentinel")
	for _, s := range w.servers {
		if strings.Contains(said, "address="+s.address+",") {
			return s
		}
	}
	t.Fatalf("the sentinel names none of the servers:\n%s", said)
	return nil
}

// KillMaster kills the master and returns it.
func (w *Watched) KillMaster(t testing.TB) *Server {
	t.Helper()
	dead := w.Master(t)
	dead.Stop()
	return dead
}

// AwaitSuccessor returns when another server than the dead one takes writes.
func (w *Watched) AwaitSuccessor(t testing.TB, dead *Server) {
	t.Helper()
	until(t, "another server is the master", func() bool {
		master := w.Master(t)
		return master != dead && strings.Contains(master.Do(t, "INFO replication"), "role:master")
	})
}

// Nodes are a cluster of masters that share the slots. None has a replica: what one knew is lost with it.
type Nodes []*Server

// StartNodes runs a cluster of three nodes that goes on without one of them.
func StartNodes(t testing.TB) Nodes {
	t.Helper()
	const count, slots = 3, 16384
	var nodes Nodes
	for n := range count {
		bus := freePort(t)
		node := StartTCP(t, "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-announce-ip", "127.0.0.1",
			"--cluster-node-timeout", fmt.Sprint(downAfter), "--cluster-require-full-coverage", "no")
		node.Do(t, fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", n*slots/count, (n+1)*slots/count-1))
		node.Do(t, fmt.Sprintf("CLUSTER SET-CONFIG-EPOCH %d", n+1))
		if n > 0 {
			nodes[0].Do(t, "CLUSTER MEET "+strings.Replace(node.address, ":", " ", 1)+" "+bus)
		}
		nodes = append(nodes, node)
	}
	for _, node := range nodes {
		until(t, "the cluster is up", func() bool {
			info := node.Do(t, "CLUSTER INFO")
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_slots_ok:16384")
		})
	}
	return nodes
}

// URL is what a client is opened with.
func (n Nodes) URL() string {
	var hosts []string
	for _, node := range n {
		hosts = append(hosts, node.address)
	}
	return "redis+cluster://" + strings.Join(hosts, ",")
}

// Of is the node that has a key's slot; nil while that one is stopped, or not yet back.
func (n Nodes) Of(t testing.TB, key string) *Server {
	t.Helper()
	for _, node := range n {
		if node.Running() && !strings.HasPrefix(node.Do(t, "TYPE "+key), "-") {
			return node
		}
	}
	return nil
}
