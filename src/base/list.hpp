// Intrusive doubly linked list: linking and unlinking cannot fail and cost O(1). A node unlinks itself when
// destroyed.
#pragma once
#include <cstddef>

namespace hiper {

template <class Tag = void>
class ListNode {
 public:
  ListNode() noexcept = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }

  bool linked() const noexcept { return next_ != nullptr; }
  void unlink() noexcept {
    if (next_ == nullptr) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class T, class U>
  friend class List;
  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

/// A list of T, where T derives from ListNode<Tag>. Does not own its members.
template <class T, class Tag = void>
class List {
  using Node = ListNode<Tag>;

 public:
  List() noexcept { reset(); }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List() {
    while (!empty()) pop_front();
    end_.next_ = end_.previous_ = nullptr;
  }

  bool empty() const noexcept { return end_.next_ == &end_; }
  T& front() noexcept { return static_cast<T&>(*end_.next_); }
  T& back() noexcept { return static_cast<T&>(*end_.previous_); }
  void push_back(T& item) noexcept { link(item, *end_.previous_, end_); }
  void push_front(T& item) noexcept { link(item, end_, *end_.next_); }
  T& pop_front() noexcept {
    T& item = front();
    static_cast<Node&>(item).unlink();
    return item;
  }
  /// Moves all members of `other` behind the own ones, O(1).
  void take(List& other) noexcept {
    if (other.empty()) return;
    Node* const first = other.end_.next_;
    Node* const last = other.end_.previous_;
    other.reset();
    Node* const tail = end_.previous_;
    tail->next_ = first;
    first->previous_ = tail;
    last->next_ = &end_;
    end_.previous_ = last;
  }
  T* next(T& item) noexcept { return as_item(static_cast<Node&>(item).next_); }
  T* first() noexcept { return as_item(end_.next_); }

 private:
  T* as_item(Node* node) noexcept { return node == &end_ ? nullptr : static_cast<T*>(node); }
  void reset() noexcept { end_.next_ = end_.previous_ = &end_; }
  static void link(Node& node, Node& before, Node& after) noexcept {
    node.previous_ = &before;
    node.next_ = &after;
    before.next_ = &node;
    after.previous_ = &node;
  }
  Node end_;
};

}  // namespace hiper
