//! More connections than a process has descriptors for, on both ports: others are still served.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::support::films;
use crate::support::server::Setup;

/// Of which a port may hold a quarter, and one peer three quarters of that.
const DESCRIPTORS: usize = 256;

/// Connections from an address of this machine that ask for something and never read it. Those beyond the peer's share
/// are refused, or closed before they have asked.
async fn crowd(port: &str, from: u8) -> Vec<tokio::net::TcpStream> {
    let address: SocketAddr = port.parse().expect("an address");
    let mut crowd = Vec::new();
    for _ in 0..DESCRIPTORS + 44 {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, from)), 0)).expect("a local address");
        let mut client = socket.connect(address).await.expect("the port listens");
        // Whoever was refused cannot be asked any more.
        let _ = client.write_all(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n").await;
        crowd.push(client);
    }
    crowd
}

#[tokio::test]
async fn one_peer_does_not_take_all_there_is() {
    let setup = Setup::default().before(&format!("ulimit -n {DESCRIPTORS}"));
    let mut server = setup.config("[connections]\nidle = \"5s\"").start().await;
    let api_port = server.url["http://".len()..].to_owned();
    let mut crowds = crowd(&api_port, 2).await;
    crowds.extend(crowd(server.store_address(), 2).await);
    // Everybody else goes on, with calls of the server to its own store among it.
    let (api, film) = (server.api("42").await, films::mp4(films::TINY));
    let asset = api.send_all(&[("video", &film)]).await;
    assert_eq!(api.complete(&asset.id).await.expect(200)["status"], "CREATED");
    // Nobody who never reads is kept: each connection ends, and the peer may come back.
    for mut client in crowds {
        let mut waste = vec![0; 1 << 20];
        let reading = async { while client.read(&mut waste).await.is_ok_and(|bytes| bytes > 0) {} };
        tokio::time::timeout(Duration::from_secs(120), reading).await.expect("the connection ends");
    }
    let back: IpAddr = Ipv4Addr::new(127, 0, 0, 2).into();
    let back = reqwest::Client::builder().local_address(back).build().expect("a client");
    assert_eq!(back.get(format!("{}/healthz", server.url)).send().await.expect("an answer").status().as_u16(), 200);
    assert_eq!(server.terminate().await.code(), Some(0));
}
