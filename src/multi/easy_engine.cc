#include "multi/easy_engine.hpp"

#include <memory>

#include "multi/engine.hpp"

namespace hiper {
namespace {

Engine& own_engine(Easy& easy) {
  EasyParts& parts = parts_of(easy);
  easy.detach = detach_easy;
  if (parts.own_engine == nullptr) {
    auto* const engine = new Engine;
    engine->belong_to_handle();
    parts.own_engine = engine;
  }
  return *static_cast<Engine*>(parts.own_engine);
}

CURLcode from_multi_code(CURLMcode code) noexcept {
  switch (code) {
    case CURLM_OK:
      return CURLE_OK;
    case CURLM_OUT_OF_MEMORY:
      return CURLE_OUT_OF_MEMORY;
    case CURLM_RECURSIVE_API_CALL:
      return CURLE_RECURSIVE_API_CALL;
    case CURLM_UNRECOVERABLE_POLL:
      return CURLE_UNRECOVERABLE_POLL;
    default:
      return CURLE_BAD_FUNCTION_ARGUMENT;
  }
}

Lease* held_lease(Easy& easy) noexcept {
  auto* const transfer = static_cast<Transfer*>(easy.transfer_slot);
  if (transfer != nullptr && transfer->done() && transfer->lease()) return &transfer->lease();
  EasyParts* const parts = parts_if_any(easy);
  return parts != nullptr && parts->held && parts->held->lease ? &parts->held->lease : nullptr;
}

}  // namespace

CURLcode perform_easy(Easy& easy) {
  if (easy.engine_slot != nullptr) {
    easy.set_error_text("The handle is added to a multi handle: it cannot be performed by itself");
    return CURLE_FAILED_INIT;
  }
  Engine& engine = own_engine(easy);
  if (engine.busy()) return CURLE_RECURSIVE_API_CALL;
  const long kept = easy.options.number(Opt::maxconnects);
  engine.settings.max_connects = kept > 0 ? kept : 5;
  engine.settings_changed();
  const CURLMcode added = engine.add(easy);
  if (added != CURLM_OK) return from_multi_code(added);
  Transfer& transfer = *static_cast<Transfer*>(easy.transfer_slot);
  const CURLMcode driven = engine.drive(transfer);
  const CURLcode result = driven == CURLM_OK ? transfer.result() : from_multi_code(driven);
  engine.remove(easy);
  if (!easy.valid()) delete &easy;  // cleaned up inside one of its callbacks
  return result;
}

void clean_up_easy(Easy& easy) noexcept {
  auto* const engine = static_cast<Engine*>(easy.engine_slot);
  if (engine == nullptr || !engine->busy()) {
    delete &easy;
    return;
  }
  easy.invalidate();
  engine->doom(*static_cast<Transfer*>(easy.transfer_slot));
}

CURLcode pause_easy(Easy& easy, int action) noexcept {
  auto* const transfer = static_cast<Transfer*>(easy.transfer_slot);
  if (transfer == nullptr) return CURLE_BAD_FUNCTION_ARGUMENT;
  Engine& engine = *static_cast<Engine*>(easy.engine_slot);
  const int bits = action & (CURLPAUSE_RECV | CURLPAUSE_SEND);
  const bool changes = bits != transfer->pause_bits();
  const bool resumes = transfer->set_pause(bits);
  if (!changes || transfer->done() || !transfer->started()) return CURLE_OK;
  if (engine.busy()) {
    // A callback that pauses and another that resumes, again and again, must not keep the application
    // waiting.
    if (resumes) {
      engine.make_ready_next_turn(*transfer);
    } else {
      transfer->wake();
    }
    return CURLE_OK;
  }
  const CURLMcode code = engine.pause_changed(*transfer, resumes);
  return code == CURLM_ABORTED_BY_CALLBACK ? CURLE_ABORTED_BY_CALLBACK : CURLE_OK;
}

CURLcode send_raw(Easy& easy, std::span<const char> bytes, std::size_t& count) noexcept {
  Lease* const lease = held_lease(easy);
  if (lease == nullptr) return CURLE_UNSUPPORTED_PROTOCOL;
  const IoResult result = (*lease)->stream->write(bytes);
  count = result.count();
  if (result.kind() == IoResult::Kind::blocked) return CURLE_AGAIN;
  return result.kind() == IoResult::Kind::bytes ? CURLE_OK : CURLE_SEND_ERROR;
}

CURLcode receive_raw(Easy& easy, std::span<char> room, std::size_t& count) noexcept {
  Lease* const lease = held_lease(easy);
  if (lease == nullptr) return CURLE_UNSUPPORTED_PROTOCOL;
  const IoResult result = (*lease)->stream->read(room);
  count = result.count();
  if (result.kind() == IoResult::Kind::blocked) return CURLE_AGAIN;
  return result.kind() == IoResult::Kind::failed ? CURLE_RECV_ERROR : CURLE_OK;
}

void detach_easy(Easy& easy) noexcept {
  if (easy.engine_slot != nullptr) static_cast<Engine*>(easy.engine_slot)->remove(easy);
  EasyParts* const parts = parts_if_any(easy);
  if (parts == nullptr) return;
  auto* const engine = static_cast<Engine*>(parts->own_engine);
  if (parts->held && parts->held->engine != nullptr) {
    static_cast<Engine*>(parts->held->engine)->drop_held(*parts->held);
  }
  delete engine;
  delete parts;
  easy.parts_slot = nullptr;
}

}  // namespace hiper
