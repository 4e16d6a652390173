#include "daemon/daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <future>

#include "base/version.h"
#include "daemon/accounts.h"
#include "daemon/exposition.h"
#include "model/health.h"
#include "planner/planner.h"
#include "store/sqlite_store.h"
#include "tls/certificate_files.h"

namespace ginnel::daemon {
namespace {

constexpr unsigned kApiThreads = 2;
constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kRenewalEvery = std::chrono::hours(12);

DomainVerifier::Options verifier_options(const config::Config& config) {
  DomainVerifier::Options out;
  out.recursion = recursion_options(config);
  out.recursion.cache = false;  // a record that was not there may be there now
  out.give_up = std::chrono::seconds(config.private_dns_verification_s);
  return out;
}

}  // namespace

Daemon::Daemon(const ServeOptions& options, Log& log, std::function<void()> ask_to_stop)
    : options_(options), log_(log), ask_to_stop_(std::move(ask_to_stop)), catalogue_(make_catalogue(options.config)) {}

Result<std::unique_ptr<Daemon>> Daemon::start(const ServeOptions& options, Log& log,
                                              std::function<void()> ask_to_stop) {
  std::unique_ptr<Daemon> daemon(new Daemon(options, log, std::move(ask_to_stop)));
  GINNEL_CHECKED(daemon->open_state());
  GINNEL_CHECKED(daemon->make_first_account());
  GINNEL_CHECKED(daemon->open_path());
  GINNEL_CHECKED(daemon->open_followers());
  GINNEL_CHECKED(daemon->open_listeners());
  daemon->ready_ = true;
  return daemon;
}

Status Daemon::open_state() {
  GINNEL_TRY(state_, StateDir::open(options_.state_dir.string(), random_));
  GINNEL_TRY(store_, store::SqliteStore::open(state_.file("store.db")));
  host_ = plan::plan_host(catalogue_.region, state_.tag, options_.config.synthetic_range);
  GINNEL_TRY(auto authority, tls::Authority::open(state_.file("ca"), clock_, random_));
  authority_ = std::make_unique<tls::Authority>(std::move(authority));
  applier_ = std::make_unique<Applier>(catalogue_.region, host_, clock_, log_);
  outbox_ = std::make_unique<Outbox>(
      Outbox::Parts{options_.config, *authority_, state_.file("certs"), clock_, random_, log_});
  verifier_ = std::make_unique<DomainVerifier>(verifier_options(options_.config), log_);
  GINNEL_TRY(committer_, Committer::open(*store_, log_, [this](const auto& snapshot, const auto& touched) {
               published(snapshot, touched);
             }));
  return {};
}

void Daemon::published(const model::SnapshotPtr& snapshot, const std::vector<std::string>& touched) {
  applier_->touch(touched);
  outbox_->published(snapshot);
  verifier_->published(snapshot);
}

// The credentials file is made from the store where it is missing, so a start
// that was cut short is made good.
Status Daemon::make_first_account() {
  if (committer_->snapshot()->table<model::Account>().size() == 0) {
    Status made;
    GINNEL_CHECKED(committer_->run([&](const model::Snapshot& snapshot) {
      model::Change change;
      auto account = make_account(snapshot, {}, random_, clock_.now());
      if (account) {
        change.put(std::move(*account));
      } else {
        made = tl::unexpected(account.error());
      }
      return change;
    }));
    GINNEL_CHECKED(made);
  }
  if (access(state_.file("credentials").c_str(), F_OK) == 0) return {};
  const auto snapshot = committer_->snapshot();
  const auto* first = first_account(*snapshot);
  if (!first) return fail("write credentials", state_.file("credentials"), "no account has a key");
  return state_.write_credentials(first->keys.front(), catalogue_.region.name);
}

Result<tls::Certificate> Daemon::ensure_certificates() {
  const auto folder = state_.file("certs");
  const auto ensure = [&](const std::string& name, const tls::SubjectNames& names) -> Result<tls::Certificate> {
    GINNEL_TRY(auto kept, tls::ensure_certificate(*authority_, folder, name, names, clock_, random_));
    if (!kept.reissued_because.empty()) log_.info("certificate {}: {}", name, kept.reissued_because);
    return std::move(kept.certificate);
  };

  tls::SubjectNames own;
  own.dns = {"localhost", notification_host(options_.config)};
  own.addresses = {options_.config.listen.address, host_.system_address};
  for (const auto& service : catalogue_.region.services) {
    const auto names = certificate_names(catalogue_.region, service);
    if (service.system_port == kApiPort) {
      own.dns.insert(own.dns.end(), names.begin(), names.end());
    } else {
      GINNEL_CHECKED(ensure(service.code, {names, {}}));  // for the upstream of the service, if its owner wants it
    }
  }
  return ensure("api", own);
}

// A daemon may run for longer than a certificate is good for.
void Daemon::renew_certificates() {
  const auto certificate = ensure_certificates();
  const auto status =
      certificate ? api_server_->set_certificate(*certificate) : Status(tl::unexpected(certificate.error()));
  if (!status) log_.error("certificates are not renewed: {}", status.error().text());
  if (const auto renewed = outbox_->renew(); !renewed) log_.error("{}", renewed.error().text());
}

Status Daemon::open_path() {
  if (options_.dataplane) {
    GINNEL_CHECKED(open_prober());
    GINNEL_TRY(path_, open_host_path(
                          {state_, options_.config, host_, catalogue_.relayed, *prober_, options_.executable}, log_));
  } else {
    path_ = no_host_path();
  }
  return applier_->start(*committer_, *path_);
}

Status Daemon::open_followers() {
  GINNEL_CHECKED(outbox_->start(*committer_));
  return verifier_->start(*committer_);
}

Status Daemon::open_prober() {
  health::Prober::Options options;
  options.source = host_.system_address;
  auto commit = [this](const std::vector<health::Finding>& found) {
    std::vector<model::HealthFinding> findings;
    for (const auto& one : found) findings.push_back({one.target, one.healthy, one.reason, one.description});
    committer_->submit([this, findings = std::move(findings)](const model::Snapshot& newest) {
      return Decision{model::health_changed(newest, findings, clock_.now()), {}};
    });
  };
  GINNEL_TRY(prober_, health::Prober::start(options, std::move(commit), log_));
  return {};
}

Status Daemon::open_listeners() {
  const auto& config = options_.config;
  api_ = std::make_unique<ApiHandler>(catalogue_.region, dispatcher_, *committer_, clock_, random_, log_);
  api_server_ = std::make_unique<http::Server>(
      http::ServerOptions{kApiThreads, {}},
      [this](http::Request request, http::Responder responder) {
        if (auto certificate = outbox_->certificate(request)) return responder.send(std::move(*certificate));
        api_->handle(std::move(request), std::move(responder));
      },
      clock_, log_);
  GINNEL_TRY(const auto certificate, ensure_certificates());
  GINNEL_CHECKED(api_server_->set_certificate(certificate));
  GINNEL_TRY(const auto bound, api_server_->listen({config.listen.address, config.listen.port}));
  log_.info("API on https://{}", config::AddressPort{bound.address, bound.port}.to_string());
  if (config.http) {
    GINNEL_TRY(const auto plain, api_server_->listen({config.http->address, config.http->port, false}));
    log_.info("API on http://{}", config::AddressPort{plain.address, plain.port}.to_string());
  }
  if (options_.dataplane) {
    GINNEL_CHECKED(api_server_->listen({host_.system_address, kApiPort, true, true}));
  }

  const ControlFacts facts{"https://" + config::AddressPort{bound.address, bound.port}.to_string(),
                           authority_->certificate_path(), authority_->certificate_pem()};
  ports_ = std::make_unique<PortControl>(catalogue_.region, *committer_, *applier_, *path_, clock_, random_);
  control_ = std::make_unique<Control>(catalogue_.region, facts, *committer_, clock_, random_,
                                       ControlHooks{[this] { return status(); }, [this] { return drops(); },
                                                    [this] {
                                                      teardown_wanted_ = true;
                                                      ask_to_stop_();
                                                    }},
                                       *ports_);
  control_server_ = std::make_unique<http::Server>(
      http::ServerOptions{1, {}},
      [this](http::Request request, http::Responder responder) { control_->handle(request, std::move(responder)); },
      clock_, log_);
  GINNEL_CHECKED(control_server_->listen_unix(state_.file("control.sock")));
  GINNEL_CHECKED(open_metrics());
  renewal_ = std::make_unique<Periodic>(kRenewalEvery, [this] { renew_certificates(); });
  return {};
}

Status Daemon::open_metrics() {
  const auto& listen = options_.config.metrics_listen;
  if (!listen) return {};
  metrics_server_ = std::make_unique<http::Server>(
      http::ServerOptions{1, {}},
      [this](const http::Request& request, http::Responder responder) { responder.send(metrics(request)); }, clock_,
      log_);
  GINNEL_TRY(const auto bound, metrics_server_->listen({listen->address, listen->port, false, false, true}));
  log_.info("metrics on http://{}/metrics", config::AddressPort{bound.address, bound.port}.to_string());
  return {};
}

http::Response Daemon::metrics(const http::Request& request) const {
  if (request.target.substr(0, request.target.find('?')) != "/metrics")
    return http::plain_response(404, "the metrics are at /metrics");
  if (request.method != "GET" && request.method != "HEAD") return http::plain_response(405, "only GET and HEAD");
  const auto reading = path_->reading();
  if (!reading) return http::plain_response(500, reading.error().text());
  return {200,
          {{"Content-Type", Exposition::kContentType}},
          metrics_text(*committer_->snapshot(), catalogue_.region, *reading)};
}

boost::json::object Daemon::status() const {
  auto out = path_->status();
  out["ready"] = ready_.load();
  out["version"] = version();
  out["pid"] = getpid();
  out["state_dir"] = state_.path;
  out["dataplane"] = options_.dataplane ? "ebpf" : "off";
  out["vpcs_applied"] = applier_->applied_count();
  out["vpcs_failed"] = applier_->failed_count();
  return out;
}

boost::json::object Daemon::drops() const { return path_->drops(); }

Status Daemon::stop() {
  halt();
  if (!teardown_wanted_) return {};
  log_.info("taking the region's part of the kernel away");
  return path_->teardown();
}

// The committer and those that follow it use each other: first their threads
// end, then the committer goes, whose last callbacks may still tell them of
// snapshots and answer requests.
void Daemon::halt() {
  ready_ = false;
  renewal_.reset();
  if (metrics_server_) metrics_server_->stop(kPatience);
  if (control_server_) control_server_->stop(kPatience);
  if (api_server_) api_server_->stop(kPatience);
  if (applier_) applier_->stop();
  if (outbox_) outbox_->stop();
  if (verifier_) verifier_->stop();
  prober_.reset();
  committer_.reset();
}

Daemon::~Daemon() { halt(); }

}  // namespace ginnel::daemon
