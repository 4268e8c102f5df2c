"""What tests share: real servers, real sockets, and waiting on conditions."""
