"""The benchmark: servers side by side under the same load, one room, clients of raw sockets.

- `rows`: what is measured, in one list;
- `processes`: servers and what they need, none of which outlives the benchmark;
- `inside`: what runs in a server's process;
- `frames`, `crowd`: the clients;
- `measure`: the rounds;
- `results`: what came out, as a document that the chapters quote;
- `show`, `chart`: the same for the eye;
- `run`: the command.
"""
