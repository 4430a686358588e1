use nova_macros::Adapter;

#[derive(Adapter)]
#[adapter(endpont = "wss://venue.example/")]
struct Mistyped {}

#[derive(Adapter)]
struct Nothing {}

#[derive(Adapter)]
#[adapter(endpoint = "https://venue.example/", json())]
struct NoWebSocket {}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json())]
struct UnknownRole {
    conection: Loud,
}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json(), messages = Mine)]
struct TwiceByOptions {}

#[derive(Adapter)]
#[adapter(json(), budget("credits", capacity = 1))]
struct TwiceByFields {
    endpoint: Endpoint,
    limits: Mine,
}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json())]
struct TwoPlaces {
    endpoint: Endpoint,
}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json(), login(with = sign))]
struct NoCredentials {}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json())]
struct UnusedCredentials {
    credentials: Secret,
}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", messages = Mine, answer("op" = "ping", with = "pong"))]
struct DemandOfAnother {}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json(), topics())]
struct NoItems {}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json(topic = "topic"))]
struct HalfItems {}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json(), budget("credits", capacity = 1, refill = 1))]
struct RefillOfWhen {}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json(), setting("set"))]
struct SettingOfWhat {}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json(), settings(call_dedline = "5s"))]
struct UnknownSetting {}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json(), answer("op"))]
struct HalfAnswer {}

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json())]
struct Tuple(Mine);

#[derive(Adapter)]
enum NoStruct {}

fn main() {}
