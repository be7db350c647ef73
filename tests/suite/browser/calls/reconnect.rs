//! Tests of a lost connection to the server: the media goes on, and the participant keeps the seat.

use super::{
    evening::{Evening, join},
    media::{connections, cut_socket, has_sockets, sees_and_hears},
};

#[actix_web::test]
async fn reconnecting_socket_keeps_media_connections() {
    let evening = Evening::start().await;
    let teacher = evening.as_actor(1280, "teacher").await;
    join(&teacher, &evening.call()).await;
    let parent = evening.as_actor(1280, "parent").await;
    join(&parent, &evening.call()).await;
    sees_and_hears(&teacher, 1).await;
    sees_and_hears(&parent, 1).await;
    let (of_teacher, of_parent) = (connections(&teacher).await, connections(&parent).await);
    let seats = evening.seats().await;
    cut_socket(&parent).await;
    has_sockets(&parent, 2).await;
    sees_and_hears(&teacher, 1).await;
    sees_and_hears(&parent, 1).await;
    assert_eq!(
        (connections(&teacher).await, connections(&parent).await),
        (of_teacher, of_parent),
        "no peer connection was rebuilt"
    );
    assert_eq!(
        evening.seats().await,
        seats,
        "the same seats, and the same numbers of the connections"
    );
}
