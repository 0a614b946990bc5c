/** A headless Chromium, which tells what a page loads, prints and throws. */

import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { findTool } from './tools.ts';

/** A page in the browser, and what went on in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Addresses that it asked for, the page's own included. */
  readonly requests: readonly string[];
  /** Messages on its console, and errors that nobody caught. */
  readonly complaints: readonly string[];
}

/** Starts it; disposing ends it. */
export async function startBrowser(): Promise<
  { open(url: string, options?: OpenOptions): Promise<WatchedPage> } & AsyncDisposable
> {
  const executablePath = findTool('chromium');
  if (executablePath === undefined) throw new Error('chromium is not installed');
  // As root, which containers are, Chromium has no sandbox of its own.
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--disable-background-networking',
  ];
  const browser = await puppeteer.launch({ executablePath, args });
  return {
    open: (url, options = {}) => openPage(browser, url, options),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

export interface OpenOptions {
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
}

async function openPage(
  browser: Browser,
  url: string,
  { scheme = 'light', width = 1280 }: OpenOptions,
): Promise<WatchedPage> {
  const page = await browser.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => void requests.push(request.url()));
  page.on('console', (message) => void complaints.push(message.text()));
  page.on('pageerror', (error) => void complaints.push(String(error)));
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(url);
  return { page, requests, complaints };
}
