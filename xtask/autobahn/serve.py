# The fuzzing server of the Autobahn testsuite, under Python 2.7, on the loopback interface alone: by itself
# it listens on all of them, whatever address it is given.
#
# usage: serve.py SPECIFICATION
import sys

from twisted.internet import reactor

everywhere = reactor.listenTCP


def on_loopback(port, factory, backlog=50, interface=''):
    return everywhere(port, factory, backlog, '127.0.0.1')


reactor.listenTCP = on_loopback

from autobahntestsuite import wstest  # noqa: E402, after the reactor was changed

sys.argv = ['wstest', '--mode', 'fuzzingserver', '--webport', '0', '--spec', sys.argv[1]]
wstest.run()
