using Microsoft.Playwright;

namespace Attune.Web.Tests;

/// <summary>One headless browser for all journeys: Debian's Chromium. Tests skip, saying so, where it is not installed.</summary>
public sealed class Chromium : IAsyncLifetime
{
    public static readonly (int Width, int Height) Phone = (390, 844);
    public static readonly (int Width, int Height) Desktop = (1280, 900);
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private static readonly string? Shots = Environment.GetEnvironmentVariable("ATTUNE_SCREENSHOTS");
    private readonly List<IBrowserContext> _open = [];
    private string? _test;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Places.FirstOrDefault(File.Exists) is not { } program)
        {
            return;
        }
        Assertions.SetDefaultExpectTimeout(20_000);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = program,
                Args = ["--no-sandbox", "--disable-gpu"],
                Headless = true,
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }
        _playwright?.Dispose();
    }

    /// <summary>A browser window of its own, signed in.</summary>
    public async Task<IPage> OpenAsync(
        Site site,
        Someone? who,
        string path,
        (int Width, int Height)? size = null,
        bool scripts = true,
        bool dark = false
    )
    {
        Assert.SkipWhen(_browser is null, "needs Chromium at " + Places[0]);
        await CloseEarlierAsync();
        var (width, height) = size ?? Desktop;
        var context = await _browser!.NewContextAsync(
            new BrowserNewContextOptions
            {
                BaseURL = site.Address.ToString(),
                ViewportSize = new ViewportSize { Width = width, Height = height },
                JavaScriptEnabled = scripts,
                ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
                ReducedMotion = ReducedMotion.Reduce,
                HasTouch = width < 500,
            }
        );
        _open.Add(context);
        context.SetDefaultTimeout(60_000);
        if (who is not null)
        {
            await context.AddCookiesAsync([
                new Cookie
                {
                    Name = "attune_session",
                    Value = who.Session,
                    Url = site.Address.ToString(),
                },
            ]);
        }
        var page = await context.NewPageAsync();
        await page.GotoAsync(path);
        return page;
    }

    /// <summary>Windows of the test before: their clocks and heartbeats would go on beside this one's.</summary>
    private async Task CloseEarlierAsync()
    {
        var test = TestContext.Current.Test?.UniqueID;
        if (test == _test)
        {
            return;
        }
        foreach (var context in _open)
        {
            await context.CloseAsync();
        }

        _open.Clear();
        _test = test;
    }

    /// <summary>For eyes: written where ATTUNE_SCREENSHOTS names a folder.</summary>
    public static async Task ShootAsync(IPage page, string name, bool full = true)
    {
        if (Shots is not null)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Shots, name + ".png"), FullPage = full });
        }
    }
}
