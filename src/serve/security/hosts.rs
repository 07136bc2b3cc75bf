//! The names by which the server may be called.

use std::net::{IpAddr, SocketAddr};

use crate::serve::error::ServeError;

/// Which `Host` headers are meant for this server. A page of another site whose name was made to lead here has another one.
#[derive(Debug)]
pub(in crate::serve) struct Hosts {
    bound: IpAddr,
    names: Vec<String>,
}

impl Hosts {
    /// Those of a server at this address that is also reached by `names`.
    ///
    /// # Errors
    /// A name is none.
    pub(in crate::serve) fn new(bound: SocketAddr, names: &[String]) -> Result<Self, ServeError> {
        let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        if let Some(name) = names.iter().find(|name| !is_name(name)) {
            return Err(ServeError::BadHost(name.clone()));
        }
        Ok(Self {
            bound: bound.ip(),
            names,
        })
    }

    /// Whether a `Host` header is one of them, with any port: tunnels have ports of their own.
    pub(in crate::serve) fn allow(&self, host: &str) -> bool {
        let Some(name) = without_port(host) else {
            return false;
        };
        let name = name.to_lowercase();
        match name.parse::<IpAddr>() {
            // An address is nobody's name, so that it cannot be made to lead here.
            Ok(address) => {
                address == self.bound || address.is_loopback() || self.bound.is_unspecified()
            }
            Err(_) => name == "localhost" || self.names.contains(&name),
        }
    }
}

/// The name or address in front of the port; none where there is something else.
fn without_port(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => match host.find(':') {
            Some(colon) => host.split_at(colon),
            None => (host, ""),
        },
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok());
    let is_bracketed = host.starts_with('[');
    let is_known = if is_bracketed {
        name.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        is_name(name)
    };
    (is_port && is_known).then_some(name)
}

fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    !name.is_empty() && !name.ends_with('.') && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_names_are_allowed() {
        let hosts = |bound: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            Hosts::new(bound.parse().unwrap(), &names).unwrap()
        };
        let local = hosts("127.0.0.1:7860", &[]);
        for host in [
            "127.0.0.1:7860",
            "localhost:7860",
            "LOCALHOST",
            "[::1]:80",
            "localhost:9000",
        ] {
            assert!(local.allow(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:7860",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "localhost:x",
            "localhost:",
            "user@localhost",
            "localhost/x",
            "10.0.0.1",
            "[::1",
            "[localhost]",
            "localhost.",
            "127.0.0.1:7860:7860",
            "127.0.0.1 ",
        ] {
            assert!(!local.allow(host), "{host}");
        }
        let open = hosts("0.0.0.0:80", &["Studio.lan"]);
        for host in ["192.168.1.4:80", "studio.lan", "localhost"] {
            assert!(open.allow(host), "{host}");
        }
        assert!(!open.allow("evil.example"));
        assert!(Hosts::new("127.0.0.1:1".parse().unwrap(), &["http://x".to_owned()]).is_err());
    }
}
