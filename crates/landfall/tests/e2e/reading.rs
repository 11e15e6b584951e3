//! Reading: signed URLs end, are the same within a window, and belong to their owner alone.

use crate::support::clock::{SOON, instant, until};
use crate::support::films;
use crate::support::playback;
use crate::support::server::{Server, Setup};

#[tokio::test]
async fn a_signed_url_expires() {
    let server = Setup::default().config("[delivery]\nwindow = \"1s\"\nttl = \"4s\"").start().await;
    let api = server.api("42").await;
    let film = films::mp4(films::TINY);
    let asset = api.send_all(&[("video", &film)]).await;
    api.complete(&asset.id).await.expect(200);
    let asked = instant();
    let url = api.url(&asset.id, "video").await;
    assert_eq!(api.http.get(&url).send().await.expect("an answer").status(), 200);
    let refusal = until("the URL expires", SOON, async || {
        let answer = api.http.get(&url).send().await.expect("an answer");
        (answer.status() == 403).then_some(answer)
    });
    let refusal = refusal.await.text().await.expect("a body");
    assert!(refusal.contains("<Message>Request has expired</Message>"), "{refusal}");
    assert!(asked.elapsed().as_secs() >= 4, "it ended before its time");
    playback::reads_whole(&api.http, &api.url(&asset.id, "video").await, &film).await;
}

#[tokio::test]
async fn urls_of_one_window_are_equal_and_redirects_lead_to_them() {
    let server = Setup::default().config("[delivery]\nwindow = \"24h\"").start().await;
    let api = server.api("42").await;
    let film = films::mp4(films::TINY);
    let asset = api.send_all(&[("video", &film)]).await;
    api.complete(&asset.id).await.expect(200);
    let url = api.url(&asset.id, "video").await;
    assert_eq!(url, api.url(&asset.id, "video").await);
    let still = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let path = format!("{}/v1/videos/{}/files/video", server.url, asset.id);
    let answer = still.get(path).bearer_auth(api.token()).send().await.expect("an answer");
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["location"], url.as_str());
}

#[tokio::test]
async fn a_download_carries_the_name_it_had() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::TINY);
    let asset = api.send_all(&[("video", &film)]).await;
    api.complete(&asset.id).await.expect(200);
    let path = format!("/v1/videos/{}/files/video/url?disposition=attachment", asset.id);
    let url = api.get(&path).await.expect(200)["url"].as_str().expect("a URL").to_owned();
    let answer = api.http.get(url).send().await.expect("an answer");
    let disposition = answer.headers()["content-disposition"].to_str().expect("a text").to_owned();
    assert!(disposition.starts_with("attachment") && disposition.contains(&film.name()), "{disposition}");
}

/// HEAD follows a redirect as HEAD, and S3 signs the method: the owner's redirect and a link lead to a URL for it.
#[tokio::test]
async fn who_only_looks_is_led_to_a_url_that_answers() {
    let server = Server::new().await;
    let api = server.api("42").await;
    let film = films::mp4(films::TINY);
    let asset = api.send_all(&[("video", &film)]).await;
    api.complete(&asset.id).await.expect(200);
    let path = format!("/v1/videos/{}/grants", asset.id);
    let link = api.post(&path, &serde_json::json!({})).await.expect(201)["url"].as_str().expect("a URL").to_owned();
    let own = format!("{}/v1/videos/{}/files/video", server.url, asset.id);
    for (url, query) in [(&link, ""), (&link, "?disposition=attachment"), (&own, ""), (&own, "?disposition=attachment")]
    {
        let request = || api.http.head(format!("{url}{query}")).bearer_auth(api.token());
        let answer = request().send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "HEAD {url}{query}");
        assert_eq!(answer.headers()["content-length"], film.size.to_string().as_str());
        assert_eq!(answer.headers()["content-type"], film.content_type);
        let shown = answer.headers()["content-disposition"].to_str().expect("a text");
        assert_eq!(shown.starts_with("attachment"), !query.is_empty(), "{shown}");
    }
}
