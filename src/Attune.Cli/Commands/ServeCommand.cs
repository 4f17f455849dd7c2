using System.CommandLine;
using Attune.Cli.Serving;
using Attune.Web;

namespace Attune.Cli.Commands;

/// <summary><c>attune serve</c></summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "folder for the database, keys and snapshots", HelpName = "DIR", DefaultValueFactory = _ => "attune-data" };
        var database = new Option<string?>("--database") { Description = "a SQLite file, or a PostgreSQL connection string [default: feedback.db in --data]", HelpName = "PLACE" };
        var port = new Option<int>("--port") { Description = "port on this machine", HelpName = "N", DefaultValueFactory = _ => 5100 };
        var urls = new Option<string?>("--urls") { Description = "addresses to listen at, e.g. http://0.0.0.0:8080, in place of --port", HelpName = "URLS" };
        var runs = new Option<string?>("--runs") { Description = "folder of run folders to show, also while they train [default: runs, where it exists]", HelpName = "DIR" };
        var model = new Option<string?>("--model") { Description = "model folder, or 'embedded', to chat with in chat projects", HelpName = "DIR" };
        var proxies = new Option<string[]>("--trusted-proxy") { Description = "address of a proxy whose X-Forwarded headers are believed; may be given several times", HelpName = "ADDRESS" };
        var command = new Command("serve", "Start the annotation app and the runs' pages, on one port.\n\nExample: attune serve --data feedback --runs runs")
        {
            data, database, port, urls, runs, model, proxies,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            using var policy = parsed.GetValue(model) is { } folder ? EnginePolicy.Load(folder) : null;
            var options = new WebOptions
            {
                DataFolder = parsed.GetValue(data)!,
                Database = parsed.GetValue(database),
                Urls = parsed.GetValue(urls) ?? $"http://localhost:{parsed.GetValue(port)}",
                RunsFolder = parsed.GetValue(runs) ?? (Directory.Exists("runs") ? "runs" : null),
                Policy = policy,
                TrustedProxies = [.. (parsed.GetValue(proxies) ?? []).Select(Proxy)],
            };
            await using var server = await WebServer.StartAsync(options, cancel);
            Console.Out.WriteLine($"Attune serves {server.Address} (data in {Path.GetFullPath(options.DataFolder)}). Ctrl-C stops it.");
            if (server.SetUpLink is { } link)
                Console.Out.WriteLine($"There is no owner yet. Open this link once, within a day:\n  {link}");
            await server.WaitAsync(cancel);
            return 0;
        });
        return command;
    }

    private static System.Net.IPAddress Proxy(string text) =>
        System.Net.IPAddress.TryParse(text, out var address) ? address : throw new Core.PlanException($"--trusted-proxy is '{text}'; expected an IP address.");
}
