using System.CommandLine;
using Attune.Cli.Serving;
using Attune.Training.Serving;
using Attune.Web;
using Attune.Web.Configuration;

namespace Attune.Cli.Commands;

/// <summary><c>attune serve</c></summary>
internal static class ServeCommand
{
    private static readonly Option<string> Data = new("--data")
    {
        Description = "folder for the database, keys and snapshots",
        HelpName = "DIR",
        DefaultValueFactory = _ => "attune-data",
    };
    private static readonly Option<string?> Database = new("--database")
    {
        Description = "a SQLite file, or a PostgreSQL connection string (default feedback.db in --data)",
        HelpName = "DATABASE",
    };
    private static readonly Option<int> Port = Arguments.Count("--port", "port on this machine", 5100);
    private static readonly Option<string?> Urls = new("--urls")
    {
        Description = "addresses to listen on, e.g. http://0.0.0.0:8080, in place of --port",
        HelpName = "URLS",
    };
    private static readonly Option<string?> PublicAddress = new("--public-address")
    {
        Description = "where people reach the server, for links in invitations, e.g. https://attune.example (default: where it listens)",
        HelpName = "URL",
    };
    private static readonly Option<string?> Runs = new("--runs")
    {
        Description = "folder of run folders to show, while they train too (default runs, if it exists)",
        HelpName = "DIR",
    };
    private static readonly Option<string?> Model = new("--model")
    {
        Description =
            "model folder, or 'embedded': people chat with it in chat projects, and programs use it at /v1 as they use OpenAI's API",
        HelpName = "DIR",
    };
    private static readonly Option<string?> Template = Arguments.Template();
    private static readonly Option<bool> OpenModel = new("--open-model")
    {
        Description = "let programs on this machine use /v1 without a key; only with local addresses",
    };
    private static readonly Option<int> Batch = Arguments.Count(
        "--batch",
        "answers decoded together; further ones wait",
        new ServingOptions().Slots
    );
    private static readonly Option<int> Context = new("--context")
    {
        Description = "longest prompt and answer together, in tokens, up to the model's own limit (default: the model's, at most 4096)",
        HelpName = "N",
    };
    private static readonly Option<string> Type = Arguments.KernelType();
    private static readonly Option<string[]> TrustedProxy = new("--trusted-proxy")
    {
        Description = "address of a proxy whose X-Forwarded headers are trusted; may be given several times",
        HelpName = "ADDRESS",
    };

    public static Command Create()
    {
        var command = new Command(
            "serve",
            "Start the annotation app and the runs' pages, and with --model an OpenAI-compatible endpoint, on one port.\n\n"
                + "Examples:\n"
                + "  attune serve --data feedback --runs runs\n"
                + "  attune serve --model embedded --open-model\n"
                + "  curl http://localhost:5100/v1/completions -H 'Content-Type: application/json' "
                + "-d '{\"model\": \"embedded\", \"prompt\": \"Title: Night Ferry\", \"max_tokens\": 60}'"
        )
        {
            Data,
            Database,
            Port,
            Urls,
            PublicAddress,
            Runs,
            Model,
            Template,
            OpenModel,
            Batch,
            Context,
            Type,
            TrustedProxy,
        };
        command.RequireAtLeast(Batch, 1);
        command.RequireAtLeast(Context, 2);
        command.RequirePort(Port);
        command.Validators.Add(RequireAddresses);
        command.SetAction(ServeAsync);
        return command;
    }

    private static void RequireAddresses(System.CommandLine.Parsing.CommandResult result)
    {
        foreach (
            var url in (result.GetValue(Urls) ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        )
        {
            // A star or a plus stands for every address of the machine.
            var named = url.Replace("://*", "://any", StringComparison.Ordinal).Replace("://+", "://any", StringComparison.Ordinal);
            if (!Uri.TryCreate(named, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                result.AddError($"--urls has '{url}'; expected addresses like http://0.0.0.0:8080, with semicolons between them.");
            }
        }
    }

    private static async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancel)
    {
        var address = parsed.GetValue(Urls) ?? $"http://localhost:{parsed.GetValue(Port)}";
        RequireConsistent(parsed, address);
        using var served = parsed.GetValue(Model) is { } folder
            ? ModelLoading.Load(folder, parsed.GetValue(Template), ServingOf(parsed), parsed.GetRequiredValue(Type))
            : null;
        var options = new WebOptions
        {
            DataFolder = parsed.GetRequiredValue(Data),
            Database = parsed.GetValue(Database),
            Urls = address,
            PublicAddress = parsed.GetValue(PublicAddress) is { } given ? PublicOf(given) : null,
            RunsFolder = parsed.GetValue(Runs) ?? (Directory.Exists("runs") ? "runs" : null),
            Policy = served is null ? null : new ServedPolicy(served),
            Model = served,
            OpenModel = parsed.GetValue(OpenModel),
            TrustedProxies = [.. (parsed.GetValue(TrustedProxy) ?? []).Select(Proxy)],
        };
        await using var server = await WebServer.StartAsync(options, cancel);
        Console.Out.WriteLine($"Attune serves {server.Address} (data in {Path.GetFullPath(options.DataFolder)}). Ctrl-C stops it.");
        if (served is not null)
        {
            var readers = options.OpenModel ? "for programs on this machine" : "for clients with an API key that allows it";
            Console.Out.WriteLine($"The model '{served.Name}' answers at {server.Address}/v1 {readers}.");
        }

        if (server.SetUpLink is { } link)
        {
            Console.Out.WriteLine($"There is no owner yet. Open this link within a day; it works once:\n  {link}");
        }

        await server.WaitAsync(cancel);
        return 0;
    }

    private static ServingOptions ServingOf(ParseResult parsed)
    {
        var options = new ServingOptions { Slots = parsed.GetValue(Batch) };
        return parsed.GetResult(Context) is null ? options : options with { Context = parsed.GetValue(Context) };
    }

    private static void RequireConsistent(ParseResult parsed, string address)
    {
        if (parsed.GetValue(Template) is not null && parsed.GetValue(Model) is null)
        {
            throw new Core.ConfigurationException("--template is the served model's: give --model too.");
        }

        if (parsed.GetValue(OpenModel))
        {
            RequireLocal(address, parsed.GetValue(Model));
        }
    }

    /// <summary>An endpoint without keys must not be open to a network.</summary>
    private static void RequireLocal(string urls, string? model)
    {
        if (model is null)
        {
            throw new Core.ConfigurationException("--open-model needs a model: give --model too.");
        }
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || !address.IsLoopback)
            {
                throw new Core.ConfigurationException(
                    $"--open-model needs no key, and {url} is open to a network. "
                        + "Leave out --open-model and create API keys, or listen on localhost."
                );
            }
        }
    }

    private static Uri PublicOf(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && address is { Scheme: "http" or "https", AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" }
            ? address
            : throw new Core.ConfigurationException(
                $"--public-address is '{text}'; expected an address without a path, such as https://attune.example."
            );

    private static System.Net.IPAddress Proxy(string text) =>
        System.Net.IPAddress.TryParse(text, out var address)
            ? address
            : throw new Core.ConfigurationException($"--trusted-proxy is '{text}'; expected an IP address.");
}
