//! `Peer`: the address of the client that sent a request.

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
    /// Whether a configured proxy forwarded the request.
    pub(crate) is_proxied: bool,
}

/// The address of clients on a Unix socket, which are on this machine.
pub(crate) const UNIX_SOCKET_PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Marks requests over a Unix socket, which web pages cannot reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByUnixSocket;

/// The proxies whose forwarding headers are trusted.
#[derive(Clone, Debug)]
pub(crate) struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// IPv4 networks may be given in the IPv4-mapped form (`::ffff:192.0.2.0/120`).
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

/// The key of limits on attempts: an IPv4 address, or an IPv6 /64, which is usually one household.
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
        // From the nearest hop outwards, while the hops are trusted proxies. Split bytes instead of text, so
        // that invalid text from a client cannot hide hops that proxies appended.
        let forwarded = headers.get_all("x-forwarded-for").iter();
        let hops: Vec<&[u8]> = forwarded
            .flat_map(|hops| hops.as_bytes().split(|byte| *byte == b','))
            // A list may have empty elements (RFC 9110, 5.6.1).
            .filter(|hop| !hop.trim_ascii().is_empty())
            .collect();
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

/// Parses the address of a hop. Some proxies write it with brackets, a port, or both.
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
    fn only_configured_proxies_are_trusted() {
        assert_eq!(peer("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(peer("192.0.2.1", &["198.51.100.7"], &["192.0.2.0/24"]), "198.51.100.7");
        let spoofed = &["203.0.113.9, 198.51.100.7"];
        assert_eq!(
            peer("192.0.2.1", spoofed, &["192.0.2.1/32"]),
            "198.51.100.7",
            "a client's own claim is ignored"
        );
        let chained = &["203.0.113.9", "198.51.100.7"];
        assert_eq!(peer("192.0.2.1", chained, &["192.0.2.1/32", "198.51.100.7/32"]), "203.0.113.9");
        assert_eq!(peer("192.0.2.1", &["unknown"], &["192.0.2.1/32"]), "192.0.2.1");
        assert_eq!(peer("::ffff:192.0.2.1", &["198.51.100.7"], &["192.0.2.1/32"]), "198.51.100.7");
        let with_gaps = &["", "203.0.113.9, ,198.51.100.7,", " "];
        assert_eq!(peer("192.0.2.1", with_gaps, &["192.0.2.1/32", "198.51.100.7/32"]), "203.0.113.9");
        assert_eq!(peer("192.0.2.1", &["203.0.113.9, _hidden"], &["192.0.2.1/32"]), "192.0.2.1");
        // Invalid text hides neither the hop that the proxy appended nor the fact that there was one.
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
    fn addresses_of_a_household_count_as_one_network() {
        let network = |address: &str| Peer { address: address.parse().unwrap(), is_proxied: false }.network();
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
