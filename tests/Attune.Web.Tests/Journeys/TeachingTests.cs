using System.Collections.Immutable;
using Attune.Web.Teaching;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>Teaching an agent by hand: keys, touch, and a server that goes away in the middle.</summary>
[Collection(nameof(SiteCollection))]
public sealed class TeachingTests(Site site, Chromium chromium)
{
    [Fact]
    public async Task Keys_give_feedback_and_a_lost_server_loses_none()
    {
        var session = new Recorded();
        var server = await TeachingServer.StartAsync(session, 0, TestContext.Current.CancellationToken);
        var port = new Uri(server.Address).Port;
        var page = await chromium.OpenAsync(site, null, server.Address);
        await page.Keyboard.PressAsync("0");
        await FrameAsync(page, 3);
        await page.Keyboard.DownAsync("/");
        await page.Keyboard.DownAsync("/"); // held: the browser says that it repeats
        await page.Keyboard.UpAsync("/");
        await page.Keyboard.PressAsync("z");
        await Assertions.Expect(page.GetByText("2 feedbacks")).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "teaching");
        await page.Keyboard.PressAsync("u");
        await Assertions.Expect(page.GetByText("1 feedback", new() { Exact = true })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync(" ");
        await page.Keyboard.PressAsync("/"); // training is off
        await page.Keyboard.PressAsync(" ");

        await server.DisposeAsync();
        await Assertions.Expect(page.GetByText("No connection")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("/");
        await Assertions.Expect(page.GetByText("1 unsent, kept on this device")).ToBeVisibleAsync();
        await using var again = await TeachingServer.StartAsync(session, port, TestContext.Current.CancellationToken);
        await Assertions.Expect(page.GetByText("nothing unsent")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("2 feedbacks")).ToBeVisibleAsync();
        var events = session.Events;
        Assert.Equal([1, -1, 1], events.Where(e => e.Kind == "feedback").Select(e => e.Value));
        Assert.Equal(events.Select(e => e.Number).Distinct().Order(), events.Select(e => e.Number));
        Assert.Equal(events.Select(e => e.Time).Order(), events.Select(e => e.Time));
    }

    [Fact]
    public async Task By_touch_on_a_phone_and_on_after_the_page_is_loaded_again()
    {
        var session = new Recorded();
        await using var server = await TeachingServer.StartAsync(session, 0, TestContext.Current.CancellationToken);
        var page = await chromium.OpenAsync(site, null, server.Address, Chromium.Phone);
        await page.GetByRole(AriaRole.Button, new() { Name = "Start" }).TapAsync();
        await FrameAsync(page, 2);
        await page.GetByRole(AriaRole.Button, new() { Name = "Good" }).TapAsync();
        await Assertions.Expect(page.GetByText("1 feedback", new() { Exact = true })).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "teaching-phone");
        var wide = await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > innerWidth");
        Assert.False(wide);
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Start" }).TapAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Bad" }).TapAsync();
        await page.WaitForTimeoutAsync(500);
        await page.GetByRole(AriaRole.Button, new() { Name = "Bad" }).TapAsync();
        await Assertions.Expect(page.GetByText("feedbacks")).ToBeVisibleAsync();
        var times = session.Events.Select(e => e.Time).ToArray();
        Assert.Equal(times.Order(), times);
    }

    [Fact]
    public async Task Another_site_can_send_nothing()
    {
        await using var server = await TeachingServer.StartAsync(new Recorded(), 0, TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        using var body = new StringContent("[]", System.Text.Encoding.UTF8, "application/json");
        var answer = await client.PostAsync(server.Address + "/events", body, TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, answer.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Address) { Headers = { Host = "evil.example" } };
        Assert.Equal(
            System.Net.HttpStatusCode.Forbidden,
            (await client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode
        );
    }

    private static Task<IJSHandle> FrameAsync(IPage page, int least) =>
        page.WaitForFunctionAsync($"() => Number(document.querySelector('main').dataset.frame) >= {least}");

    /// <summary>A car that moves to the right; it remembers what it was sent.</summary>
    private sealed class Recorded : ITeachingSession
    {
        private readonly List<TeachingEvent> _events = [];
        private long _frame;

        /// <summary>As of now: the page goes on meanwhile.</summary>
        public IReadOnlyList<TeachingEvent> Events
        {
            get
            {
                lock (this)
                {
                    return [.. _events];
                }
            }
        }

        public string Environment => "MountainCar-v0";

        public int Actions => 3;

        public double StepSeconds => 0.1;

        public TeachingReply Exchange(IReadOnlyList<TeachingEvent> events)
        {
            var taken = _events.Count == 0 ? 0 : _events[^1].Number;
            foreach (var happened in events.Where(e => e.Number > taken))
            {
                _events.Add(happened);
                _frame += happened.Kind == "shown" && happened.Frame == _frame ? 1 : 0;
            }

            var given = _events.Count(e => e.Kind == "feedback") - _events.Count(e => e.Kind == "undo");
            ImmutableArray<float> seen = [-0.5f + 0.01f * (_frame % 80), 0.01f];
            var frame = new TeachingFrame(_frame, 0, (int)_frame, seen, 2, [-0.5, 0, 0.5], Ended: false, Finished: false);
            return _events.Count == 0
                ? new TeachingReply(0, 0, given, frame)
                : new TeachingReply(_events[^1].Number, _events[^1].Time, given, frame);
        }
    }
}
