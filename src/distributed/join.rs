//! How a process finds the others.

use std::time::Duration;

use super::engine::ProcessGroup;
use super::error::GroupError;
use super::launch::Launch;

/// Waits until all processes of `launch` are there; `None` for one that is alone.
///
/// # Errors
/// The program has no engine for several, or they do not find each other within `limit`.
#[cfg(all(feature = "libtorch", target_os = "linux"))]
pub(super) fn join(launch: &Launch, limit: Duration) -> Result<Option<ProcessGroup>, GroupError> {
    use super::engine::GroupOptions;

    let Some(rendezvous) = &launch.rendezvous else {
        return Ok(None);
    };
    let options = GroupOptions {
        rank: launch.rank,
        size: launch.size,
        store: (rendezvous.host.clone(), rendezvous.port),
        serves_store: launch.rank == 0 && rendezvous.is_served,
        // A launcher that starts all of them again keeps the store, with what it holds.
        prefix: format!("translate/{}", launch.restarts),
        interface: rendezvous.interface.clone(),
        address: own_address(&rendezvous.host, rendezvous.port),
        limit,
    };
    match ProcessGroup::join(&options) {
        Ok(engine) => Ok(Some(engine)),
        Err(message) => Err(GroupError::NotFound {
            rendezvous: format!("{}:{}", rendezvous.host, rendezvous.port),
            message,
        }),
    }
}

/// As above, in a program without an engine.
#[cfg(not(all(feature = "libtorch", target_os = "linux")))]
pub(super) fn join(launch: &Launch, _: Duration) -> Result<Option<ProcessGroup>, GroupError> {
    match launch.rendezvous {
        Some(_) => Err(GroupError::NotCompiled(launch.size)),
        None => Ok(None),
    }
}

/// The address of this machine on its way to `host`, at which the others reach it: what its own name stands for is often one
/// that only itself reaches.
#[cfg(all(feature = "libtorch", target_os = "linux"))]
fn own_address(host: &str, port: u16) -> String {
    use std::net::IpAddr;

    // Reserved for documents: on the way to the world.
    const ELSEWHERE: &str = "192.0.2.1";
    let is_name = host != "localhost" && host.parse::<IpAddr>().is_err();
    let address = match address_towards(host, port) {
        // This is the machine of that name.
        Some(address) if address.is_loopback() && is_name => address_towards(ELSEWHERE, port),
        address => address,
    };
    // A name that is not known yet, as that of a pod that starts: the engine asks for it again and again.
    let address = address.or_else(|| address_towards(ELSEWHERE, port));
    address.map_or_else(|| "127.0.0.1".to_owned(), |address| address.to_string())
}

/// The address from which this machine would send to `host`. Nothing is sent.
#[cfg(all(feature = "libtorch", target_os = "linux"))]
fn address_towards(host: &str, port: u16) -> Option<std::net::IpAddr> {
    use std::net::{ToSocketAddrs, UdpSocket};

    let target = (host, port).to_socket_addrs().ok()?.next()?;
    let any = if target.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(target).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(all(test, feature = "libtorch", target_os = "linux"))]
mod tests {
    use super::own_address;

    #[test]
    fn the_address_is_on_the_way_to_the_others() {
        assert_eq!(own_address("127.0.0.1", 29500), "127.0.0.1");
        assert_eq!(own_address("127.0.0.2", 29500), "127.0.0.1");
    }
}
