//! Doctor beside films that are as old as anything can be.

use crate::support::films;
use crate::support::playback;
use crate::support::server::Server;

/// Owners may be called anything, and doctor is run whenever an operator likes.
#[tokio::test]
async fn films_of_an_owner_who_is_called_doctor_stay() {
    let mut server = Server::new().await;
    let film = films::mp4(films::TINY);
    let mut published = Vec::new();
    for owner in ["doctor", "landfall", "42"] {
        let asset = server.api(owner).await.send_all(&[("video", &film)]).await;
        server.api(owner).await.complete(&asset.id).await.expect(200);
        published.push((owner, asset.id));
    }
    let before = server.buckets().await.list().await;
    // What a run left is an hour later nobody's any more.
    assert_eq!(server.terminate().await.code(), Some(0));
    server.live_later(3);
    server.start().await;
    for _ in 0..2 {
        server.command(&["bucket", "setup"]).await.well();
        server.command(&["doctor", "--json"]).await.well();
    }
    assert_eq!(server.buckets().await.list().await, before, "doctor takes nothing and leaves nothing");
    assert_eq!(server.terminate().await.code(), Some(0));
    server.live_later(0);
    server.start().await;
    for (owner, id) in published {
        let api = server.api(owner).await;
        let url = api.url(&id, "video").await;
        playback::reads_whole(&api.http, &url, &film).await;
    }
    let keys = before.objects.iter().filter(|key| key.starts_with("doctor/") || key.starts_with("landfall/"));
    assert_eq!(keys.count(), 0, "{before:?}");
}
