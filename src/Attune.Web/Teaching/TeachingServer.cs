using System.Globalization;
using System.Reflection;
using System.Text;
using Attune.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Attune.Web.Teaching;

/// <summary>
/// The page on which one person teaches one agent, on this machine alone: it has no sign-in, so it answers only to this machine's own name,
/// and takes events only with a header that another site cannot send.
/// </summary>
public sealed class TeachingServer : IAsyncDisposable
{
    public const string Header = "X-Attune-Teaching";
    private readonly WebApplication _app;

    private TeachingServer(WebApplication app) => _app = app;

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <param name="port">0 for any that is free</param>
    /// <exception cref="AttuneException">The port cannot be used.</exception>
    public static async Task<TeachingServer> StartAsync(ITeachingSession session, int port, CancellationToken cancel)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Attune.Web" });
        builder
            .WebHost.UseKestrelCore()
            .UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"))
            .ConfigureKestrel(k => (k.AddServerHeader, k.Limits.MaxRequestBodySize) = (false, 1 << 20));
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.Use(Guard);
        app.MapGet("/", () => Results.Text(Page(session), "text/html; charset=utf-8"));
        app.MapGet("/teach.js", () => Script("web/teach.js"));
        app.MapGet("/episodes.js", () => Script("web/episodes.js"));
        app.MapPost("/events", (TeachingEvent[] events) => Exchange(session, events));
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException problem)
        {
            await app.DisposeAsync();
            throw new AttuneException($"cannot listen on port {port}: {problem.Message.TrimEnd('.')}. Choose another --port.", problem);
        }

        return new TeachingServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private static Task Guard(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        var isOwn = context.Request.Host.Host is "127.0.0.1" or "localhost";
        if (!isOwn || (HttpMethods.IsPost(context.Request.Method) && !context.Request.Headers.ContainsKey(Header)))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }

        return next(context);
    }

    private static IResult Exchange(ITeachingSession session, TeachingEvent[] events)
    {
        try
        {
            lock (session)
            {
                return Results.Json(session.Exchange(events));
            }
        }
        catch (DataException problem)
        {
            return Results.Text(problem.Message, statusCode: StatusCodes.Status400BadRequest);
        }
    }

    private static IResult Script(string name) => Results.Text(Resource(name), "text/javascript; charset=utf-8");

    private static string Page(ITeachingSession session) =>
        new StringBuilder(Resource("teaching/teach.html"))
            .Replace("{environment}", session.Environment)
            .Replace("{actions}", session.Actions.ToString(CultureInfo.InvariantCulture))
            .Replace("{step}", session.StepSeconds.ToString(CultureInfo.InvariantCulture))
            .ToString();

    private static string Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
