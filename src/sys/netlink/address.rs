//! Addresses and routes in messages of route netlink (rtnetlink(7)).

use super::NewRoute;
use super::kind;
use super::message::{ACK, CREATE, EXCLUSIVE, Message, attributes};
use std::net::IpAddr;

pub(super) const IFA_ADDRESS: u16 = 1;
pub(super) const IFA_LOCAL: u16 = 2;
pub(super) const IFA_BROADCAST: u16 = 4;
/// No duplicate address detection.
pub(super) const IFA_F_NODAD: u8 = 2;
pub(super) const RTA_DST: u16 = 1;
pub(super) const RTA_OIF: u16 = 4;
pub(super) const RTA_GATEWAY: u16 = 5;
pub(super) const RTA_PRIORITY: u16 = 6;
pub(super) const FRA_FWMARK: u16 = 10;
pub(super) const MULTI: u16 = 2;
pub(super) const TABLE_MAIN: u8 = 254;
pub(super) const RTN_BROADCAST: u8 = 3;
pub(super) const RTN_ANYCAST: u8 = 4;
pub(super) const RTN_MULTICAST: u8 = 5;

pub(super) fn family(v6: bool) -> u8 {
    let family = if v6 { libc::AF_INET6 } else { libc::AF_INET };
    u8::try_from(family).unwrap_or(0)
}

pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

pub(super) fn new_address(index: u32, address: IpAddr, prefix: u8) -> Message {
    let flags = if address.is_ipv6() { IFA_F_NODAD } else { 0 };
    let mut body = [family(address.is_ipv6()), prefix, flags, 0, 0, 0, 0, 0];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    let mut message = Message::new(kind::NEWADDR, CREATE | EXCLUSIVE | ACK, &body);
    message.attribute(IFA_LOCAL, &octets(address)).attribute(IFA_ADDRESS, &octets(address));
    if let IpAddr::V4(address) = address
        && prefix < 31
    {
        let broadcast = u32::from(address) | (u32::MAX >> prefix);
        message.attribute(IFA_BROADCAST, &broadcast.to_be_bytes());
    }
    message
}

pub(super) fn route(flags: u16, index: u32, new: &NewRoute) -> Message {
    let (to, prefix) = new.to;
    // Scope: of a route without a gateway link, else universe. Protocol static, type unicast.
    let scope = if new.via.is_some() || to.is_ipv6() { 0 } else { 253 };
    let body = [family(to.is_ipv6()), prefix, 0, 0, TABLE_MAIN, 4, scope, 1, 0, 0, 0, 0];
    let mut message = Message::new(kind::NEWROUTE, flags | ACK, &body);
    if prefix > 0 {
        message.attribute(RTA_DST, &octets(to));
    }
    if let Some(via) = new.via {
        message.attribute(RTA_GATEWAY, &octets(via));
    }
    if new.metric > 0 {
        message.number(RTA_PRIORITY, new.metric);
    }
    message.number(RTA_OIF, index);
    message
}

/// Of a unicast or local route, or one that forbids.
pub(super) fn destination(body: &[u8]) -> Option<(IpAddr, u8)> {
    let (family, prefix, kind) = (*body.first()?, *body.get(1)?, *body.get(7)?);
    if prefix == 0 || matches!(kind, RTN_BROADCAST | RTN_ANYCAST | RTN_MULTICAST) {
        return None;
    }
    let (_, value) = attributes(body.get(12..)?).find(|(kind, _)| *kind == RTA_DST)?;
    let address = match i32::from(family) {
        libc::AF_INET => IpAddr::from(<[u8; 4]>::try_from(value).ok()?),
        libc::AF_INET6 => IpAddr::from(<[u8; 16]>::try_from(value).ok()?),
        _ => return None,
    };
    Some((address, prefix))
}

#[cfg(test)]
mod tests {
    use super::super::message::HEADER;
    use super::*;

    #[test]
    fn the_broadcast_address_is_the_last_one() {
        let bytes = new_address(2, "10.88.1.2".parse().unwrap(), 16).finish(1);
        let found: Vec<_> = attributes(&bytes[HEADER + 8..]).collect();
        assert!(found.contains(&(IFA_BROADCAST, &[10, 88, 255, 255][..])), "{found:?}");
    }
}
