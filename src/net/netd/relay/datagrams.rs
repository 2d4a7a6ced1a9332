//! Datagrams: from a listener to the flows of its clients, and back.

use super::udp::{self, Flow, Key, Space};
use super::worker::{Subject, Worker, data};
use crate::sys::inet;
use rustix::event::epoll;
use rustix::io::Errno;
use rustix::net::SendFlags;
use std::io;
use std::net::IpAddr;
use std::time::Instant;

/// Among how many flows one is looked for that makes room for another.
const LOOKED_AT: usize = 64;

impl Worker {
    pub(super) fn end_flow(&mut self, at: u32) {
        if let Some(flow) = self.flows.remove(at)
            && let Some(service) = self.services.get_mut(flow.service)
        {
            service.flows.remove(&flow.key);
        }
    }

    /// Moves datagrams from a listener to its flows, or from a flow back.
    pub(super) fn datagrams(&mut self, subject: Subject, at: u32) {
        let mut space = self.space.take().unwrap_or_default();
        let more = match subject {
            Subject::Flow => self.send_back(at, &mut space),
            _ => self.send_in(at, &mut space),
        };
        self.space = Some(space);
        // Listeners are level-triggered, flows are not.
        if more && subject == Subject::Flow {
            self.more.push((subject, at));
        }
    }

    fn send_in(&mut self, at: u32, space: &mut Space) -> bool {
        let now = Instant::now();
        for _ in 0..udp::TURNS {
            let Some(service) = self.services.get_mut(at) else { return false };
            let datagram = match inet::receive_datagram(&service.socket, &mut space.bytes, &mut space.beside) {
                Ok(datagram) => datagram,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(_) => continue,
            };
            let own = datagram.to.filter(|own| !own.is_multicast() && *own != IpAddr::from([255; 4]));
            let key = Key { client: datagram.from, own };
            let known = service.flows.get(&key);
            let Some(flow) = known.or_else(|| self.new_flow(at, key, now)) else { continue };
            if let Some(flow) = self.flows.get_mut(flow) {
                flow.used = now;
                // As on any link: what finds no room is lost.
                let send = || rustix::net::send(&flow.socket, &space.bytes[..datagram.length], SendFlags::DONTWAIT);
                // That is of one before, which found nobody; this one has not been sent.
                if send() == Err(Errno::CONNREFUSED) {
                    let _ = send();
                }
            }
        }
        true
    }

    fn new_flow(&mut self, service_at: u32, key: Key, now: Instant) -> Option<u32> {
        let client = key.client.ip();
        let service = self.services.get_mut(service_at)?;
        if service.flows.is_full(client) {
            let flows = &self.flows;
            let oldest = service.flows.of(client).min_by_key(|at| flows.get(*at).map(|flow| flow.used))?;
            self.end_flow(oldest);
        } else if self.room() == 0 {
            let quiet = self.quiet_flow()?;
            self.end_flow(quiet);
        }
        let service = self.services.get_mut(service_at)?;
        let socket = udp::connect(&service.target, key.client, service.port).ok()?;
        let at = self.flows.next();
        let edge = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&self.epoll, &socket, data(Subject::Flow, at), edge).ok()?;
        service.flows.insert(key, at);
        Some(self.flows.insert(Flow { socket, key, service: service_at, used: now, answered: false }))
    }

    /// A flow that makes room for another one: of some the one that was quiet the longest, and first those that nobody has answered.
    /// Each time others are looked at, so that a crowd of clients costs little.
    fn quiet_flow(&mut self) -> Option<u32> {
        let flows = self.flows.window(self.looked_at, LOOKED_AT);
        self.looked_at = self.looked_at.wrapping_add(LOOKED_AT);
        flows.min_by_key(|(_, flow)| (flow.answered, flow.used)).map(|(at, _)| at)
    }

    fn send_back(&mut self, at: u32, space: &mut Space) -> bool {
        let now = Instant::now();
        for _ in 0..udp::TURNS {
            let Some(flow) = self.flows.get_mut(at) else { return false };
            let length = match rustix::net::recv(&flow.socket, &mut space.bytes[..], rustix::net::RecvFlags::DONTWAIT) {
                Ok((length, _)) => length,
                Err(Errno::AGAIN) => return false,
                // The container has nobody at the port (yet): the kernel told it by ICMP.
                Err(_) => continue,
            };
            (flow.used, flow.answered) = (now, true);
            let Some(service) = self.services.get_mut(flow.service) else { return false };
            let _ = inet::send_datagram(&service.socket, &space.bytes[..length], flow.key.client, flow.key.own);
        }
        true
    }
}
