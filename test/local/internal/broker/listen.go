package broker

import (
	"net"
	"sync"
)

// port is a port that the cluster keeps over a restart: if it were given up,
// another process, or even a client that dials it, could get it meanwhile. While
// the broker is down, connections are closed as soon as they are opened.
type port struct {
	net.Listener

	mu    sync.Mutex
	up    *listener  // nil while the broker is down
	conns []net.Conn // that clients have opened
}

func openPort(address string) (*port, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	p := &port{Listener: l}
	go p.accept()
	return p, nil
}

func (p *port) accept() {
	for {
		c, err := p.Listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		up := p.up
		if up != nil {
			p.conns = append(p.conns, c)
		}
		p.mu.Unlock()
		if up == nil {
			c.Close()
			continue
		}
		select {
		case up.accepted <- c:
		case <-up.closed:
			c.Close()
		}
	}
}

// listen makes the broker behind the port be up.
func (p *port) listen() net.Listener {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up = &listener{port: p, accepted: make(chan net.Conn), closed: make(chan struct{})}
	return p.up
}

// hangUp closes all connections: kfake leaves them open when it closes, and a
// broker that stops does not.
func (p *port) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// listener is what kfake has of a port. To close it makes the broker be down.
type listener struct {
	*port
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		l.mu.Lock()
		if l.up == l {
			l.up = nil
		}
		l.mu.Unlock()
		close(l.closed)
	})
	return nil
}
