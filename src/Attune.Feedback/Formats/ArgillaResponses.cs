using System.Text.Json.Nodes;

namespace Attune.Feedback.Formats;

/// <summary>A person's answer to one question of a record.</summary>
/// <param name="Place">Where it stands in the record.</param>
/// <param name="Status">submitted, draft or discarded; null where the file does not say.</param>
internal sealed record ArgillaResponse(int Place, string? User, string? Status, JsonNode? Value);

/// <summary>The responses of a record, in each of the four ways in which Argilla writes them.</summary>
internal abstract class ArgillaResponses
{
    public static ArgillaResponses Of(JsonObject row) =>
        row["responses"] is JsonArray list ? new OfPeople(list)
        : row["fields"] is JsonObject ? new Listed(row["responses"] as JsonObject ?? [])
        : row.Any(f => f.Key.EndsWith(SideBySide.Ending, StringComparison.Ordinal)) ? new SideBySide(row)
        : new Listed(row);

    public abstract IEnumerable<string> Questions { get; }

    public abstract IEnumerable<ArgillaResponse> To(string question);

    /// <summary>Empties the place of an answer that the store holds.</summary>
    public abstract void Empty(string question, int place);

    /// <summary>Puts an answer into an emptied place; false where there is none.</summary>
    public abstract bool Fill(string question, int place, string user, JsonNode? value);

    public abstract void Add(string question, string user, JsonNode? value);

    /// <summary>Removes the places whose answers the store no longer has.</summary>
    public abstract void RemoveEmpty(string question);

    /// <summary>The status that stands in a row; null where there is none.</summary>
    protected static string? Word(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node?.ToJsonString();

    /// <summary>{question: [{value, user_id, status}]}: nested records, and the columns of Argilla 1.</summary>
    private sealed class Listed(JsonObject questions) : ArgillaResponses
    {
        public override IEnumerable<string> Questions => questions.Where(q => q.Value is JsonArray list && IsList(list)).Select(q => q.Key);

        public override IEnumerable<ArgillaResponse> To(string question) =>
            Entries(question)
                .Select((e, i) => new ArgillaResponse(i, Word(e["user_id"] ?? e["user"]), Word(e["status"]), e["value"]?.DeepClone()));

        public override void Empty(string question, int place) => Entries(question)[place].Empty("value", "user_id", "user");

        public override bool Fill(string question, int place, string user, JsonNode? value)
        {
            if (place >= Entries(question).Length || !IsEmpty(Entries(question)[place]))
            {
                return false;
            }
            var entry = Entries(question)[place];
            entry["value"] = value;
            entry[entry.ContainsKey("user") && !entry.ContainsKey("user_id") ? "user" : "user_id"] = user;
            return true;
        }

        public override void Add(string question, string user, JsonNode? value)
        {
            if (questions[question] is not JsonArray list)
            {
                questions[question] = list = [];
            }
            list.Add(
                new JsonObject
                {
                    ["value"] = value,
                    ["user_id"] = user,
                    ["status"] = "submitted",
                }
            );
        }

        public override void RemoveEmpty(string question)
        {
            foreach (var entry in Entries(question).Where(IsEmpty))
            {
                ((JsonArray)questions[question]!).Remove(entry);
            }
        }

        private static bool IsList(JsonArray list) => list.All(e => e is JsonObject entry && entry.ContainsKey("value"));

        private JsonObject[] Entries(string question) => questions[question] is JsonArray list ? [.. list.Select(e => e!.AsObject())] : [];

        private static bool IsEmpty(JsonObject entry) => entry["value"] is null && entry["user_id"] is null && entry["user"] is null;
    }

    /// <summary>[{user_id, status, values: {question: {value}}}]: bodies of the API, and records of Argilla 1.</summary>
    private sealed class OfPeople(JsonArray people) : ArgillaResponses
    {
        public override IEnumerable<string> Questions => people.SelectMany(p => Values(p).Select(q => q.Key)).Distinct();

        public override IEnumerable<ArgillaResponse> To(string question) =>
            people
                .Select((p, i) => (Person: p as JsonObject, Place: i))
                .Where(p => Values(p.Person).ContainsKey(question))
                .Select(p => new ArgillaResponse(
                    p.Place,
                    Word(p.Person!["user_id"]),
                    Word(p.Person["status"]),
                    Values(p.Person)[question]?["value"]?.DeepClone()
                ));

        public override void Empty(string question, int place)
        {
            people[place]!.AsObject().Empty("user_id");
            Values(people[place])[question] = new JsonObject { ["value"] = null };
        }

        public override bool Fill(string question, int place, string user, JsonNode? value)
        {
            if (place >= people.Count || people[place]!["user_id"] is not null || !Values(people[place]).ContainsKey(question))
            {
                return false;
            }
            people[place]!["user_id"] = user;
            Values(people[place])[question] = new JsonObject { ["value"] = value };
            return true;
        }

        public override void Add(string question, string user, JsonNode? value) =>
            people.Add(
                new JsonObject
                {
                    ["user_id"] = user,
                    ["status"] = "submitted",
                    ["values"] = new JsonObject { [question] = new JsonObject { ["value"] = value } },
                }
            );

        public override void RemoveEmpty(string question)
        {
            foreach (var person in people.Where(p => p!["user_id"] is null && Values(p).ContainsKey(question)).ToArray())
            {
                people.Remove(person);
            }
        }

        private static JsonObject Values(JsonNode? person) => person?["values"] as JsonObject ?? [];
    }

    /// <summary>Flat records: a list of answers, and beside it one of users and one of statuses.</summary>
    private sealed class SideBySide(JsonObject row) : ArgillaResponses
    {
        public const string Ending = ".responses";

        public override IEnumerable<string> Questions =>
            row.Where(f => f.Key.EndsWith(Ending, StringComparison.Ordinal) && f.Value is JsonArray { Count: > 0 })
                .Select(f => f.Key[..^Ending.Length]);

        public override IEnumerable<ArgillaResponse> To(string question) =>
            (List(question, "") ?? []).Select(
                (value, i) => new ArgillaResponse(i, Word(At(question, ".users", i)), Word(At(question, ".status", i)), value?.DeepClone())
            );

        public override void Empty(string question, int place)
        {
            List(question, "")![place] = null;
            if (List(question, ".users") is { } users && place < users.Count)
            {
                users[place] = null;
            }
        }

        public override bool Fill(string question, int place, string user, JsonNode? value)
        {
            var (values, users) = (List(question, ""), List(question, ".users"));
            if (values is null || place >= values.Count || values[place] is not null)
            {
                return false;
            }
            values[place] = value;
            if (users is not null && place < users.Count)
            {
                users[place] = user;
            }
            return true;
        }

        public override void Add(string question, string user, JsonNode? value)
        {
            foreach (var (part, node) in new (string, JsonNode?)[] { ("", value), (".users", user), (".status", "submitted") })
            {
                if (List(question, part) is not { } list)
                {
                    row[question + Ending + part] = list = [];
                }
                list.Add(node);
            }
        }

        public override void RemoveEmpty(string question)
        {
            var values = List(question, "") ?? [];
            for (var i = values.Count - 1; i >= 0; i--)
            {
                if (values[i] is not null || At(question, ".users", i) is not null)
                {
                    continue;
                }
                foreach (var list in new[] { "", ".users", ".status" }.Select(p => List(question, p)).OfType<JsonArray>())
                {
                    list.RemoveAt(i);
                }
            }
        }

        private JsonArray? List(string question, string part) => row[question + Ending + part] as JsonArray;

        private JsonNode? At(string question, string part, int place) =>
            List(question, part) is { } list && place < list.Count ? list[place] : null;
    }
}
