"""Answers kept in memory, and one run for all who ask the same question at the same time."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Lru(Generic[Value]):
    """A mapping bounded by the sum of its values' weights; the least recently used leave first. Thread-safe."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.weight = 0
        self._entries: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Value | None:
        """The value, now the most recently used; None where there is none."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def values(self) -> list[Value]:
        """Every value, least recently used first."""
        with self._lock:
            return [value for value, _ in self._entries.values()]

    def put(self, key: Hashable, value: Value, weight: int = 1) -> None:
        """Keep ``value``, unless it alone would push out most of the others."""
        if weight > self.capacity // 8:
            return
        with self._lock:
            if key in self._entries:
                self.weight -= self._entries.pop(key)[1]
            self._entries[key] = (value, weight)
            self.weight += weight
            while self.weight > self.capacity:
                self.weight -= self._entries.popitem(last=False)[1][1]


class SingleFlight(Generic[Value]):
    """One call per key at a time: callers that come while it runs get its result, or its error."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, Future[Value]] = {}
        self._lock = threading.Lock()

    def do(self, key: Hashable, call: Callable[[], Value]) -> tuple[Value, bool]:
        """The result, and whether this caller was the one that ran ``call``."""
        with self._lock:
            running = self._calls.get(key)
            mine: Future[Value] = Future()
            if running is None:
                self._calls[key] = mine
        if running is not None:
            return running.result(), False
        try:
            result = call()
        except BaseException as error:  # whatever it is, those who wait must get it
            mine.set_exception(error)
            raise
        else:
            mine.set_result(result)
            return result, True
        finally:
            with self._lock:
                del self._calls[key]
