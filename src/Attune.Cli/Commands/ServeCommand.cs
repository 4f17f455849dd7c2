using Attune.Web.Configuration;
using System.CommandLine;
using Attune.Cli.Serving;
using Attune.Kernels;
using Attune.Training.Serving;
using Attune.Web;

namespace Attune.Cli.Commands;

/// <summary><c>attune serve</c></summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data")
        {
            Description = "folder for the database, keys and snapshots",
            HelpName = "DIR",
            DefaultValueFactory = _ => "attune-data",
        };
        var database = new Option<string?>("--database")
        {
            Description = "a SQLite file, or a PostgreSQL connection string [default: feedback.db in --data]",
            HelpName = "PLACE",
        };
        var port = new Option<int>("--port")
        {
            Description = "port on this machine",
            HelpName = "N",
            DefaultValueFactory = _ => 5100,
        };
        var urls = new Option<string?>("--urls")
        {
            Description = "addresses to listen at, e.g. http://0.0.0.0:8080, in place of --port",
            HelpName = "URLS",
        };
        var runs = new Option<string?>("--runs")
        {
            Description = "folder of run folders to show, also while they train [default: runs, where it exists]",
            HelpName = "DIR",
        };
        var model = new Option<string?>("--model")
        {
            Description = "model folder, or 'embedded': to chat with in chat projects, and for programs at /v1, as OpenAI's clients ask",
            HelpName = "DIR",
        };
        var template = Arguments.Template();
        var open = new Option<bool>("--open-model")
        {
            Description = "programs on this machine may use /v1 without a key; only with local addresses",
        };
        var slots = new Option<int>("--batch")
        {
            Description = "answers decoded together; others wait",
            HelpName = "N",
            DefaultValueFactory = _ => new ServingOptions().Slots,
        };
        var context = new Option<int>("--context")
        {
            Description = "most tokens of a prompt and its answer, at most the model's own [default: the model's, at most 4096]",
            HelpName = "N",
            DefaultValueFactory = _ => new ServingOptions().Context,
        };
        var type = new Option<string>("--type")
        {
            Description = "what the model multiplies in: f32 (exact) or bf16 (twice as fast)",
            HelpName = "f32|bf16",
            DefaultValueFactory = _ => "f32",
        };
        type.AcceptOnlyFromAmong("f32", "bf16");
        var proxies = new Option<string[]>("--trusted-proxy")
        {
            Description = "address of a proxy whose X-Forwarded headers are believed; may be given several times",
            HelpName = "ADDRESS",
        };
        var command = new Command(
            "serve",
            "Start the annotation app and the runs' pages, and with --model an OpenAI-compatible endpoint, on one "
                + "port.\n\nExamples:\n  attune serve --data feedback --runs runs\n"
                + "  attune serve --model embedded --open-model\n  curl http://localhost:5100/v1/completions -H 'Content-Type: "
                + "application/json' -d '{\"model\": \"embedded\", \"prompt\": \"Title: Night Ferry\", \"max_tokens\": 60}'"
        )
        {
            data,
            database,
            port,
            urls,
            runs,
            model,
            template,
            open,
            slots,
            context,
            type,
            proxies,
        };
        command.Validators.Add(result =>
        {
            foreach (var (number, least) in new[] { (slots, 1), (context, 2) })
            {
                if (result.GetResult(number) is { Implicit: false } given && given.GetValueOrDefault<int>() < least)
                {
                    result.AddError($"{number.Name} is {given.GetValueOrDefault<int>()}; expected at least {least}.");
                }
            }
        });
        command.SetAction(
            async (parsed, cancel) =>
            {
                var address = parsed.GetValue(urls) ?? $"http://localhost:{parsed.GetValue(port)}";
                if (parsed.GetValue(template) is not null && parsed.GetValue(model) is null)
                {
                    throw new Core.ConfigurationException("--template is the served model's: give --model too.");
                }
                if (parsed.GetValue(open))
                {
                    RequireLocal(address, parsed.GetValue(model));
                }
                var serving = new ServingOptions
                {
                    Slots = parsed.GetValue(slots),
                    Context = parsed.GetValue(context),
                    Type = Enum.Parse<KernelType>(parsed.GetValue(type)!, ignoreCase: true),
                };
                using var served = parsed.GetValue(model) is { } folder
                    ? ModelLoading.Load(folder, parsed.GetValue(template), serving)
                    : null;
                var options = new WebOptions
                {
                    DataFolder = parsed.GetValue(data)!,
                    Database = parsed.GetValue(database),
                    Urls = address,
                    RunsFolder = parsed.GetValue(runs) ?? (Directory.Exists("runs") ? "runs" : null),
                    Policy = served is null ? null : new ServedPolicy(served),
                    Model = served,
                    OpenModel = parsed.GetValue(open),
                    TrustedProxies = [.. (parsed.GetValue(proxies) ?? []).Select(Proxy)],
                };
                await using var server = await WebServer.StartAsync(options, cancel);
                Console.Out.WriteLine($"Attune serves {server.Address} (data in {Path.GetFullPath(options.DataFolder)}). Ctrl-C stops it.");
                if (served is not null)
                {
                    Console.Out.WriteLine(
                        $"The model '{served.Name}' answers at {server.Address}/v1 "
                            + $"{(options.OpenModel ? "for programs on this machine" : "for whoever has a key that may use it")}."
                    );
                }
                if (server.SetUpLink is { } link)
                {
                    Console.Out.WriteLine($"There is no owner yet. Open this link once, within a day:\n  {link}");
                }
                await server.WaitAsync(cancel);
                return 0;
            }
        );
        return command;
    }

    /// <summary>Without keys, what is open must not be so to a network.</summary>
    private static void RequireLocal(string urls, string? model)
    {
        if (model is null)
        {
            throw new Core.ConfigurationException("--open-model is given without --model: which model?");
        }
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || !address.IsLoopback)
            {
                throw new Core.ConfigurationException(
                    $"--open-model lets programs on this machine in without a key, and {url} is open to a network. Leave "
                        + "--open-model out and make keys, or listen at localhost."
                );
            }
        }
    }

    private static System.Net.IPAddress Proxy(string text) =>
        System.Net.IPAddress.TryParse(text, out var address)
            ? address
            : throw new Core.ConfigurationException($"--trusted-proxy is '{text}'; expected an IP address.");
}
