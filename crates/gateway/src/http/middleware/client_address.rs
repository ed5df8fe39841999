//! `Peer`: who sent a request, as far as that can be known.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use ipnet::{IpNet, Ipv4Net};

/// The address of a request's sender. Forwarding headers count only if a configured proxy sent them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// Did a configured proxy pass the request on?
    pub(crate) is_proxied: bool,
}

/// The address that clients on a Unix socket count as having: they are on this machine.
pub(crate) const UNIX_SOCKET_PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Marks requests that came by a Unix socket, which no web page reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByUnixSocket;

/// The proxies whose forwarding headers count.
#[derive(Clone, Debug)]
pub(crate) struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// IPv4 networks may be written as IPv6 has them (`::ffff:192.0.2.0/120`).
    pub(crate) fn new(networks: &[IpNet]) -> Self {
        let canonical = |network: &IpNet| match network {
            IpNet::V6(wide) => {
                let mapped = wide.addr().to_ipv4_mapped().zip(wide.prefix_len().checked_sub(96));
                let narrow = mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
                narrow.map_or(*network, IpNet::V4)
            }
            IpNet::V4(_) => *network,
        };
        TrustedProxies(networks.iter().map(canonical).collect())
    }
}

/// What attempts are counted by: an address, or for IPv6 the network of a household.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network(IpAddr);

impl Peer {
    pub(crate) fn from_request(request: &Request, trusted: &TrustedProxies) -> Self {
        Self::from_headers(request.extensions(), request.headers(), &trusted.0)
    }

    fn from_headers(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let connected = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        let connected = connected.map_or(Ipv6Addr::UNSPECIFIED.into(), |address| address.to_canonical());
        let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut peer = Peer { address: connected, is_proxied: is_trusted(&connected) };
        if !peer.is_proxied {
            return peer;
        }
        // From the nearest hop outwards, as long as each hop is one of ours.
        // Split as bytes: what a client wrote, text or not, hides no hop that a proxy added behind it.
        let forwarded = headers.get_all("x-forwarded-for").iter();
        let hops: Vec<&[u8]> =
            forwarded.flat_map(|hops| hops.as_bytes().split(|byte| *byte == b',')).collect();
        for hop in hops.iter().rev() {
            if !is_trusted(&peer.address) {
                break;
            }
            let Some(address) = str::from_utf8(hop).ok().and_then(|hop| hop_address(hop.trim())) else {
                break;
            };
            peer.address = address.to_canonical();
        }
        peer
    }

    pub(crate) fn network(&self) -> Network {
        Network::containing(self.address)
    }
}

/// The address of a hop, which some proxies write with brackets, with the client's port, or with both.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse().ok().or_else(|| bracketed().map(IpAddr::V6)).or_else(with_port)
}

impl Network {
    /// The network of an address.
    pub(crate) fn containing(address: IpAddr) -> Self {
        Network(match address {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Peer
where
    TrustedProxies: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self::from_headers(&parts.extensions, &parts.headers, &TrustedProxies::from_ref(state).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(connected: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(connected.parse().unwrap(), 1)));
        let value = |value: &str| value.as_bytes().try_into().unwrap();
        let headers =
            forwarded.iter().map(|hops| ("x-forwarded-for".parse().unwrap(), value(hops))).collect();
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        Peer::from_headers(&extensions, &headers, &trusted).address.to_string()
    }

    #[test]
    fn only_configured_proxies_are_believed() {
        assert_eq!(peer("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(peer("192.0.2.1", &["198.51.100.7"], &["192.0.2.0/24"]), "198.51.100.7");
        let spoofed = &["203.0.113.9, 198.51.100.7"];
        assert_eq!(
            peer("192.0.2.1", spoofed, &["192.0.2.1/32"]),
            "198.51.100.7",
            "what a client claims is not"
        );
        let chained = &["203.0.113.9", "198.51.100.7"];
        assert_eq!(peer("192.0.2.1", chained, &["192.0.2.1/32", "198.51.100.7/32"]), "203.0.113.9");
        assert_eq!(peer("192.0.2.1", &["unknown"], &["192.0.2.1/32"]), "192.0.2.1");
        assert_eq!(peer("::ffff:192.0.2.1", &["198.51.100.7"], &["192.0.2.1/32"]), "198.51.100.7");
        // What is no text hides neither the hop that the proxy added nor that there was one.
        let proxy = &["192.0.2.1/32"];
        assert_eq!(peer("192.0.2.1", &["\u{e9}, 198.51.100.7"], proxy), "198.51.100.7");
        assert_eq!(peer("192.0.2.1", &["203.0.113.9", "\u{e9}"], proxy), "192.0.2.1");
    }

    #[test]
    fn hops_may_have_ports_and_brackets() {
        let from = |hop: &str| peer("192.0.2.1", &[hop], &["192.0.2.1/32", "2001:db8:ffff::/48"]);
        for (hop, address) in [
            ("203.0.113.7:4000", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[::ffff:203.0.113.7]:1", "203.0.113.7"),
            (" 203.0.113.7:4000 ,[2001:db8:ffff::2]:80", "203.0.113.7"),
        ] {
            assert_eq!(from(hop), address, "{hop}");
        }
        for hop in
            ["203.0.113.7:", "203.0.113.7:65536", "[203.0.113.7]", "[2001:db8::1", "2001:db8::1]:1", ":1", ""]
        {
            assert_eq!(from(hop), "192.0.2.1", "{hop}");
        }
    }

    #[test]
    fn a_household_counts_once() {
        let network = |address: &str| Peer { address: address.parse().unwrap(), is_proxied: false }.network();
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
