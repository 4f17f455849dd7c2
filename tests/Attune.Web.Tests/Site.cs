using System.Collections.Immutable;
using System.Net;
using Attune.Core.Completions;
using Attune.Core.Conversations;
using Attune.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Attune.Testing;
using Attune.Web.Configuration;

namespace Attune.Web.Tests;

/// <summary>One server for all tests, on a port of its own, with real Kestrel and a real SQLite file.</summary>
public sealed class Site : IAsyncLifetime
{
    public const string Password = "correct horse battery";
    private readonly TemporaryFolder _folder = new();
    private WebServer? _server;
    private int _names;

    public WebServer Server => _server!;
    public FeedbackStore Store => Server.Store;
    public Uri Address => new(Server.Address);
    public string RunsFolder => _folder.File("runs");
    public Someone Owner { get; private set; } = null!;

    public async ValueTask InitializeAsync() => await StartAsync(this, options => options);

    /// <summary>A server of one test's own; it is to be disposed of.</summary>
    public static Task<Site> StartAsync(Func<WebOptions, WebOptions> change) => StartAsync(new Site(), change);

    private static async Task<Site> StartAsync(Site site, Func<WebOptions, WebOptions> change)
    {
        await site.BeginAsync(change);
        return site;
    }

    private async Task BeginAsync(Func<WebOptions, WebOptions> change)
    {
        Directory.CreateDirectory(RunsFolder);
        _server = await WebServer.StartAsync(
            change(Options(_folder.File("data")) with { RunsFolder = RunsFolder, Policy = new EchoPolicy() }),
            CancellationToken.None
        );
        var token = _server.SetUpLink!.Split('/')[^1];
        Owner = Welcome(await Store.Accounts.JoinAsync(token, "Olga Owner", Password, CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }

    public static WebOptions Options(string data) =>
        new()
        {
            DataFolder = data,
            Urls = "http://127.0.0.1:0",
            PasswordRounds = 1000,
            RequestsPerMinute = 100_000,
            RequestsPerAddress = 100_000,
            SignInsPerMinute = 10_000,
            SignInsPerAddress = 10_000,
        };

    public async Task<Someone> PersonAsync(MemberRole role, Guid? project)
    {
        var invitation = await Store.Accounts.InviteAsync(Owner.Id, role, project, TimeSpan.FromDays(1), CancellationToken.None);
        return Welcome(
            await Store.Accounts.JoinAsync(
                invitation.Token,
                $"{role} {Interlocked.Increment(ref _names)}",
                Password,
                CancellationToken.None
            )
        );
    }

    public async Task<ProjectInfo> ProjectAsync(
        ProjectKind kind,
        ImmutableArray<NewItem> items,
        ProjectSettings? settings = null,
        string guidelines = "# How to judge\n- Be **honest**.\n- Take your time."
    )
    {
        var project = await Store.Projects.CreateAsync(
            Owner.Id,
            $"{kind} project {Interlocked.Increment(ref _names)}",
            kind,
            settings ?? new ProjectSettings { Shuffle = false },
            guidelines,
            CancellationToken.None
        );
        await Store.Tasks.AddItemsAsync(Owner.Id, project.Id, items, CancellationToken.None);
        return project;
    }

    public static ImmutableArray<NewItem> Items(int count, params string[] answers) =>
        [
            .. Enumerable
                .Range(1, count)
                .Select(i => new NewItem(
                    new ItemContent(
                        new Prompt.Text($"Question {i}: why is the sky blue?"),
                        [.. answers.Select(a => new Candidate(a) { Policy = "secret-policy" })]
                    )
                )),
        ];

    /// <summary>What a project's people have said so far.</summary>
    public async Task<Judgement[]> JudgementsAsync(Guid project) =>
        [
            .. (await Store.Tasks.ListAsync(project, -1, 500, CancellationToken.None))
                .SelectMany(t => t.Labels)
                .Select(l => l.Judgement)
                .OfType<Judgement>(),
        ];

    /// <summary>A client with a person's session; null for nobody's.</summary>
    public HttpClient Client(Someone? who, bool follow = false)
    {
        var handler = new HttpClientHandler { AllowAutoRedirect = follow, CookieContainer = new CookieContainer() };
        if (who is not null)
        {
            handler.CookieContainer.Add(Address, new Cookie("attune_session", who.Session));
        }
        return new HttpClient(handler) { BaseAddress = Address };
    }

    private static Someone Welcome(JoinResult result)
    {
        var joined = Assert.IsType<JoinResult.Joined>(result);
        return new Someone(joined.Session.Person.Id, joined.Session.Person.Name, joined.Session.Token);
    }

    private sealed class EchoPolicy : IChatPolicy
    {
        public string Name => "secret-policy";

        public Task<ImmutableArray<SampledText>> ReplyAsync(Prompt prompt, int count, ulong seed, CancellationToken cancel) =>
            Task.FromResult<ImmutableArray<SampledText>>([
                .. Enumerable
                    .Range(1, count)
                    .Select(i => new SampledText(
                        prompt is Prompt.Chat { Messages: var said }
                            ? $"Reply {i} after {said.Length} messages, to: {said[^1].Content}"
                            : $" continuation {i} of {prompt.Key}",
                        IsCut: false
                    )),
            ]);
    }
}

/// <summary>A person with an open session.</summary>
public sealed record Someone(Guid Id, string Name, string Session);

[CollectionDefinition(nameof(SiteCollection))]
public sealed class SiteCollection : ICollectionFixture<Site>, ICollectionFixture<Chromium>;
