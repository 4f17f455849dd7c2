using Attune.Feedback;
using Attune.Feedback.Storage;
using Attune.Web.Components;
using Attune.Web.Configuration;
using Attune.Web.Endpoints;
using Attune.Web.Responses;
using Attune.Web.Runs;
using Attune.Web.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Attune.Web;

/// <summary>The annotation app, the pages of runs and the API, on one port in this process.</summary>
public sealed class WebServer : IAsyncDisposable
{
    /// <summary>The limit for forms, in bytes; uploads have a limit of their own.</summary>
    private const long LargestForm = 4L << 20;

    private readonly WebApplication _app;

    private WebServer(WebApplication app, FeedbackStore store) => (_app, Store) = (app, store);

    public FeedbackStore Store { get; }

    /// <summary>The address it listens on, with the actual port.</summary>
    public string Address => _app.Services.GetRequiredService<ServerAddress>().Listening;

    /// <summary>The link for creating the first owner; null once there is one.</summary>
    public string? SetUpLink { get; private set; }

    internal IServiceProvider Services => _app.Services;

    /// <exception cref="Core.AttuneException">The database or the address cannot be used.</exception>
    public static async Task<WebServer> StartAsync(WebOptions options, CancellationToken cancel)
    {
        Directory.CreateDirectory(options.DataFolder);
        MakePrivate(options.KeyFolder);
        var defaults = new StoreOptions(options.DatabasePlace);
        var store = await FeedbackStore.OpenAsync(
            defaults with
            {
                Time = options.Time,
                PasswordRounds = options.PasswordRounds ?? defaults.PasswordRounds,
                Patience = options.Patience ?? defaults.Patience,
            },
            cancel
        );
        try
        {
            var server = new WebServer(Build(options, store), store);
            await server._app.StartAsync(cancel);
            server.SetUpLink = await store.Accounts.SetUpAsync(cancel) is { } token
                ? server.Services.GetRequiredService<ServerAddress>().LinkTo("/set-up/" + token)
                : null;
            return server;
        }
        catch (IOException problem)
        {
            await store.DisposeAsync();
            throw new Core.AttuneException(
                $"cannot listen on {options.Urls}: {problem.Message.TrimEnd('.')}. Choose another --port.",
                problem
            );
        }
    }

    public Task WaitAsync(CancellationToken cancel) => _app.WaitForShutdownAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await Store.DisposeAsync();
    }

    private static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static WebApplication Build(WebOptions options, FeedbackStore store)
    {
        // No configuration is read from files or the environment, only from the command line.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Attune.Web" });
        builder
            .WebHost.UseKestrelCore()
            .UseUrls(options.Urls)
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestBodySize = LargestForm;
            });
        builder
            .Logging.AddSimpleConsole(console => console.SingleLine = true)
            .SetMinimumLevel(LogLevel.Warning)
            // The keys are stored unencrypted in a folder that only the server's user can read; no need to warn at each start.
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)
            // A failed start throws an exception, which is reported in one sentence.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            // It warns for every page that caching is disabled, which is intended.
            .AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.Error);
        AddServices(builder.Services, options, store);
        var app = builder.Build();
        UseAll(app, options);
        MapAll(app);
        return app;
    }

    private static void AddServices(IServiceCollection services, WebOptions options, FeedbackStore store)
    {
        services.AddSingleton(options).AddSingleton(store).AddSingleton(options.Time).AddSingleton(new RunCatalog(options.RunsFolder));
        services.AddRoutingCore();
        services.AddRazorComponents();
        services.AddDataProtection().SetApplicationName("Attune").PersistKeysToFileSystem(new DirectoryInfo(options.KeyFolder));
        services.AddAntiforgery(forgery =>
        {
            forgery.FormFieldName = AntiforgeryFields.Name;
            forgery.HeaderName = AntiforgeryFields.Header;
            forgery.Cookie.Name = AntiforgeryFields.Cookie;
            forgery.Cookie.HttpOnly = true;
            forgery.Cookie.SameSite = SameSiteMode.Strict;
            forgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            forgery.SuppressXFrameOptionsHeader = true;
        });
        services
            .AddAuthentication(SessionAuthentication.Scheme)
            .AddScheme<Microsoft.AspNetCore.Authentication.AuthenticationSchemeOptions, SessionAuthentication>(
                SessionAuthentication.Scheme,
                null
            );
        services.AddAuthorization(rules => rules.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        services.AddRateLimits(options);
        services.AddSingleton<SignInLimit>().AddSingleton<ServerAddress>();
        services.AddProblemDetails();
        services.AddOpenApi(
            "v1",
            api => api.ShouldInclude = description => description.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true
        );
        services.ConfigureHttpJsonOptions(json => Api.Configure(json.SerializerOptions));
        services.Configure<FormOptions>(form =>
        {
            form.ValueCountLimit = 5000;
            form.ValueLengthLimit = (int)LargestForm;
            form.MultipartBodyLengthLimit = options.LargestUpload;
        });
    }

    private static void UseAll(WebApplication app, WebOptions options)
    {
        if (options.TrustedProxies.Count > 0)
        {
            var forwarded = new ForwardedHeadersOptions
            {
                ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            };
            options.TrustedProxies.ToList().ForEach(forwarded.KnownProxies.Add);
            app.UseForwardedHeaders(forwarded);
        }

        app.UseSecurityHeaders();
        app.UseRouting();
        app.UseProblems();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseForgeryCheck();
        app.UseAuthorization();
    }

    private static void MapAll(WebApplication app)
    {
        AssetFiles.Map(app);
        app.MapOpenApi().AllowAnonymous();
        AccountEndpoints.Map(app);
        HomeEndpoints.Map(app);
        ProjectEndpoints.Map(app);
        PeopleEndpoints.Map(app);
        LabelEndpoints.Map(app);
        DataEndpoints.Map(app);
        WorkEndpoints.Map(app);
        FileEndpoints.Map(app);
        ChatEndpoints.Map(app);
        RunEndpoints.Map(app);
        ComparisonEndpoints.Map(app);
        Api.Map(app);
        ModelEndpoints.Map(app);
    }
}
