import { describe, expect, test, vi } from "vitest";
import { OwnHosts } from "../../src/operations/own-hosts.ts";

const deployed = () => new OwnHosts({ origin: "https://tokens.example.com", hosts: [], loopback: false });

describe("the region's own hosts", () => {
  test.each([
    "https://tokens.example.com/v1/check",
    "http://tokens.example.com/v1/check",
    "https://tokens.example.com/",
    "https://TOKENS.example.com/v1/check",
    "https://tokens.example.com:8443/v1/check",
  ])("are met at %s", (url) => {
    expect(deployed().covers(url)).toBe(true);
  });

  test.each([
    "https://evil.example/v1/check",
    "https://tokens.example.com.evil.example/v1/check",
    "https://tokens.example.community/v1/check",
    "https://evil.example/https://tokens.example.com/",
    "https://evil.example/?https://tokens.example.com/",
    "https://tokens.example.com@evil.example/",
    "https://sub.tokens.example.com/",
    "http://127.0.0.1:8787/",
    "http://localhost/",
  ])("are not met at %s", (url) => {
    expect(deployed().covers(url)).toBe(false);
  });

  test("are this machine's too where it is for trying out, and those that a setting names", () => {
    const hosts = new OwnHosts({
      origin: "http://127.0.0.1:8787",
      hosts: ["jeton.internal"],
      loopback: true,
    });
    for (const own of ["http://localhost:8788/", "http://[::1]:1/", "https://jeton.internal/healthz"]) {
      expect(hosts.covers(own), own).toBe(true);
      expect(hosts.covers(own), own).toBe(true);
    }
    for (const foreign of ["http://127.0.0.1.evil.example/", "https://jeton.internal.evil.example/"]) {
      expect(hosts.covers(foreign), foreign).toBe(false);
    }
  });

  test("cost no parsing where a request names the region as everybody does", () => {
    const hosts = deployed();
    vi.stubGlobal("URL", null);
    try {
      expect(hosts.covers("https://tokens.example.com/v1/check")).toBe(true);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("stay few, however many ways of writing them there are", () => {
    const hosts = new OwnHosts({ origin: "http://127.0.0.1:8787", hosts: [], loopback: true });
    for (let port = 1; port < 200; port += 1) expect(hosts.covers(`http://localhost:${port}/`)).toBe(true);
    expect(hosts.covers("http://localhost:60000/")).toBe(true);
    expect(hosts.covers("http://evil.example:60000/")).toBe(false);
  });
});
