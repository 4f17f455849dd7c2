namespace Attune.Text.Templates;

/// <summary>
/// The built-in templates as models bring theirs: Jinja, which is saved beside the model that learned by it and which other tools read.
/// Each writes what the template of its name in <see cref="ChatTemplates"/> writes; a test compares them.
/// </summary>
internal static class TemplateSources
{
    private const string ChatMl = """
        {% for message in messages %}
        {{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}
        {%- endfor %}
        {% if add_generation_prompt %}
        {{ '<|im_start|>assistant\n' }}
        {%- endif %}
        """;

    private const string Llama2 = """
        {% if messages and messages[0]['role'] == 'system' %}
        {% set system, turns = '<<SYS>>\n' + messages[0]['content'] + '\n<</SYS>>\n\n', messages[1:] %}
        {% else %}
        {% set system, turns = '', messages %}
        {% endif %}
        {% if not turns or (add_generation_prompt and turns | length % 2 == 0) %}
        {{ raise_exception('expected a conversation that ends with a user turn') }}
        {% endif %}
        {% for message in turns %}
        {% if message['role'] != ('user' if loop.index0 % 2 == 0 else 'assistant') %}
        {{ raise_exception('expected turns by user, assistant, user, and so on, after the system message, if any') }}
        {% endif %}
        {% if message['role'] == 'user' %}
        {{ ('' if loop.first else '<s>') + '[INST] ' + (system if loop.first else '') + message['content'] | trim + ' [/INST]' }}
        {%- else %}
        {{ ' ' + message['content'] | trim + ' </s>' }}
        {%- endif %}
        {% endfor %}
        """;

    private const string Llama3 = """
        {% for message in messages %}
        {{ '<|start_header_id|>' + ('ipython' if message['role'] == 'tool' else message['role']) + '<|end_header_id|>\n\n'
            + message['content'] | trim + '<|eot_id|>' }}
        {%- endfor %}
        {% if add_generation_prompt %}
        {{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
        {%- endif %}
        """;

    private const string Plain = """
        {% for message in messages %}
        {% if message['role'] not in ['system', 'user', 'assistant'] %}
        {{ raise_exception('expected system, user and assistant only') }}
        {% endif %}
        {{ {'system': '', 'user': '\n\nHuman: ', 'assistant': '\n\nAssistant: '}[message['role']] + message['content'] }}
        {%- endfor %}
        {% if add_generation_prompt %}
        {{ '\n\nAssistant:' }}
        {%- endif %}
        """;

    /// <param name="begins">Whether the tokenizer puts a begin token before texts; a model's own template writes it itself.</param>
    /// <exception cref="Core.ConfigurationException">No template has that name.</exception>
    internal static string Named(string name, bool begins) =>
        (begins ? "{{ bos_token }}" : "")
        + ChatTemplates.Named(name).Name switch
        {
            "chatml" => ChatMl,
            "llama2" => Llama2,
            "llama3" => Llama3,
            _ => Plain,
        };
}
